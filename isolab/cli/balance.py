"""How balancers find the replicas behind them, from their own statistics."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from isolab.cli import deployed
from isolab.plan.model import Balancer, Plan
from isolab.transport import Unreachable

PATIENCE = 10
"""Seconds that a balancer has for an answer."""
# bash speaks HTTP well enough, on a guest as on the host.
ASK = r"exec 3<>/dev/tcp/{address}/{port} && printf 'GET /;csv HTTP/1.0\r\n\r\n' >&3 && cat <&3"


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


def ask(plan: Plan, balancer: Balancer) -> BalancerStatus:
    """What a balancer says."""
    place = deployed.below(plan, balancer.container)
    command = ASK.format(address=balancer.statistics_address, port=balancer.statistics)
    try:
        said = place.run(["bash", "-c", command], timeout=PATIENCE)
        rows = tuple(_backends(balancer, said.stdout)) if said.ok else None
    except Unreachable:
        rows = None
    return BalancerStatus(
        name=balancer.name,
        address=f"{balancer.address}:{balancer.listen}",
        state="silent" if rows is None else "running",
        backends=rows or (),
    )


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
            yield f"balancer {balancer.name} is {balancer.state}"
        for backend in balancer.backends:
            if not backend.gets_requests:
                yield (
                    f"balancer {balancer.name} sends nothing to {backend.container}: "
                    f"{backend.state}, {backend.reason or 'not asked'}, for {backend.seconds} s"
                )


def shunned(balancers: Iterable[BalancerStatus]) -> Mapping[str, str]:
    """Containers that get no requests, and why."""
    return {
        backend.container: f"{balancer.name} finds it {backend.state}, {backend.reason}"
        for balancer in balancers
        for backend in balancer.backends
        if not backend.gets_requests
    }
