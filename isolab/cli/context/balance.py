"""How balancers find the replicas behind them, from their own statistics."""

import csv
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from isolab.cli.context import deployed
from isolab.plan import asking
from isolab.plan.model import Balancer, Plan
from isolab.transport import Transport, Unreachable

RETRY_FOR = 3
"""Seconds in which a balancer that gave no whole answer is asked again."""
PAUSE = 0.2
TIMEOUT = 15
"""Seconds for one try, the way to its guest included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackendStatus:
    """A replica as a balancer sees it."""

    service: str
    container: str
    state: str
    """HAProxy's word: UP, DOWN, DRAIN, MAINT; "no check" where it never asked."""
    reason: str
    """What its last check said: "L7OK 200", "L4TOUT"."""
    seconds: int
    """Since when."""

    @property
    def gets_requests(self) -> bool:
        """Whether requests are sent there."""
        return self.state.startswith("UP") or self.state == "no check"


@dataclass(frozen=True, kw_only=True, slots=True)
class BalancerStatus:
    """A balancer and what it says of its replicas."""

    name: str
    address: str
    """Where it listens, host:port."""
    state: str
    """running, or silent where it did not answer."""
    backends: tuple[BackendStatus, ...]
    saw: str = ""
    """Where it is silent: what came instead of an answer."""


def ask(plan: Plan, balancer: Balancer) -> BalancerStatus:
    """What a balancer says."""
    place = deployed.below(plan, balancer.container)
    end = time.monotonic() + RETRY_FOR
    rows, saw = _try(place, balancer)
    # Where nobody listens at all, nobody is just starting: its container runs, or it does not.
    while saw and saw != asking.REFUSED and time.monotonic() < end:
        time.sleep(PAUSE)
        rows, saw = _try(place, balancer)
    return BalancerStatus(
        name=balancer.name,
        address=f"{balancer.address}:{balancer.listen}",
        state="silent" if saw else "running",
        backends=rows,
        saw=saw,
    )


def _try(place: Transport, balancer: Balancer) -> tuple[tuple[BackendStatus, ...], str]:
    """The replicas behind a balancer, or what came instead of them."""
    if balancer.statistics is None:
        return (), "it has no statistics page"
    question = asking.once(balancer.statistics_address, balancer.statistics, "/;csv")
    try:
        said = place.run(question, timeout=TIMEOUT)
    except Unreachable as unreachable:
        return (), str(unreachable)
    if not said.ok:
        return (), said.stderr.strip()
    # Its answer tells no length; it lists each route with its replicas first and a sum behind them.
    missing = [route.name for route in balancer.routes if not _has_sum(said.stdout, route.name)]
    if missing:
        return (), f"an answer that ends before {missing[0]}"
    return tuple(_backends(balancer, said.stdout)), ""


def _has_sum(table: str, route: str) -> bool:
    return f"\n{route},BACKEND," in table


def _backends(balancer: Balancer, answer: str) -> Iterator[BackendStatus]:
    table = answer.partition("# ")[2].splitlines()
    services = {route.name: route.service for route in balancer.routes}
    for row in csv.DictReader(table):
        if row["pxname"] in services and row["svname"] not in ("BACKEND", "FRONTEND"):
            yield BackendStatus(
                service=services[row["pxname"]],
                container=row["svname"],
                state=row["status"],
                reason=f"{row['check_status']} {row['check_code']}".strip("* "),
                seconds=int(row["lastchg"] or 0),
            )


def drift(balancers: Iterable[BalancerStatus]) -> Iterator[str]:
    """What is not as it should be, a line each."""
    for balancer in balancers:
        if balancer.state != "running":
            yield f"balancer {balancer.name} is {balancer.state}: {balancer.saw}"
        for backend in balancer.backends:
            if not backend.gets_requests:
                yield (
                    f"balancer {balancer.name} sends nothing to {backend.container}: "
                    f"{backend.state}, {backend.reason or 'not asked'}, for {backend.seconds} s"
                )


def without_requests(balancers: Iterable[BalancerStatus]) -> Mapping[str, str]:
    """Containers that get no requests, and why."""
    return {
        backend.container: f"{balancer.name} finds it {backend.state}, {backend.reason}"
        for balancer in balancers
        for backend in balancer.backends
        if not backend.gets_requests
    }
