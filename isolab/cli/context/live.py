"""What a deployed stack's layers are like at this moment, asked from each of them."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Literal

from isolab.cli.context import balance
from isolab.cli.context.balance import BalancerStatus
from isolab.cli.errors import FAILED, Failure
from isolab.model import FOR_EVER
from isolab.plan.model import Container, Endpoint, Guest, Plan
from isolab.transport import Unreachable
from machine import keys
from machine.host.transport import GuestTransport, HostTransport

UNKNOWN = "unknown"
FORMAT = "{{.Names}}\t{{.State}}\t{{.Status}}"
TIMEOUT = 15
"""Seconds that a guest has for an answer."""
WAIT = 300
"""Seconds that a guest and its containers have to come back by themselves."""
PAUSE = 1.0
"""Seconds between two looks at least."""

Verdict = Literal["well", "degraded", "down", "unknown"]
COMPLETED = "completed"
"""The state of a container that has exited with 0, and was not to run for ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerStatus:
    """A container as Docker sees it."""

    name: str
    service: str
    replica: int
    state: str
    """Docker's word, or COMPLETED; missing where Docker knows of none, unknown where it could not
    be asked."""
    health: str
    """healthy, unhealthy, starting; none where it has no healthcheck."""

    @property
    def is_healthy(self) -> bool:
        """Whether it runs and its healthcheck does not fail, or has done what it was there for."""
        return self.state in ("running", COMPLETED) and self.health in ("healthy", "none")

    @property
    def words(self) -> str:
        """Its state, and its health where that says more."""
        return self.state + (f", {self.health}" if self.state == "running" else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceStatus:
    """A service over all its guests."""

    name: str
    replicas: int
    well: int
    """How many run, are healthy, and get requests from their balancers."""
    wrong: tuple[str, ...]
    """What is wrong with each of the others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestStatus:
    """A guest as libvirt and its Docker see it."""

    name: str
    address: str
    state: str
    """libvirt's word; missing where libvirt knows of none."""
    docker: str
    """running, or unreachable."""
    containers: tuple[ContainerStatus, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class HostStatus:
    """The host's layer."""

    address: str
    network: str
    """active, inactive, missing or unknown."""
    registry: str
    """Docker's word for the registry's container."""
    containers: tuple[ContainerStatus, ...] = ()
    """Of services that are placed on the host."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """All layers."""

    stack: str
    host: HostStatus
    guests: tuple[GuestStatus, ...]
    endpoints: tuple[Endpoint, ...]
    drift: tuple[str, ...]
    """What is not as it was deployed, a line each."""
    balancers: tuple[BalancerStatus, ...] = ()
    services: tuple[ServiceStatus, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether everything is healthy.

        Unknown where something that runs did not answer; degraded where something is not as it
        was deployed, but every service still has a healthy replica.
        """
        words = [self.host.network, *(guest.state for guest in self.guests)]
        if UNKNOWN in words or any(
            g.state == "running" and g.docker != "running" for g in self.guests
        ):
            return "unknown"
        if not self.drift:
            return "well"
        served = self.host.network == "active" and all(s.well for s in self.services)
        return "degraded" if served and any(s.replicas > 1 for s in self.services) else "down"


def status(plan: Plan) -> Status:
    """Ask the host and, at the same time, every guest."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        host = pool.submit(_host, plan)
        domains = _table(["virsh", "-qc", plan.libvirt, "list", "--all"])
        guests = tuple(pool.map(partial(_guest, plan, domains), plan.guests))
        balancers = tuple(pool.map(partial(balance.ask, plan), plan.balancers))
    services = tuple(_services(plan, guests, host.result(), balancers))
    return Status(
        stack=plan.stack,
        host=host.result(),
        guests=guests,
        endpoints=plan.endpoints,
        drift=(*_drift(host.result(), guests), *balance.drift(balancers)),
        balancers=balancers,
        services=services,
    )


def wait_until_reached(plan: Plan, timeout: float = WAIT) -> tuple[str, ...]:
    """Wait until every guest's Docker answers; those whose did not in so many seconds."""
    now = _looked(plan, timeout, lambda now: not _silent(now))
    return _silent(now)


def wait_until_healthy(plan: Plan, timeout: float = WAIT) -> Status:
    """The status once everything is healthy, or at the timeout."""
    return _looked(plan, timeout, lambda now: now.verdict == "well")


def until_healthy(plan: Plan, hint: str) -> None:
    """Wait until everything is healthy; what is not ends the command.

    Raises:
        Failure: At the timeout something was not.
    """
    now = wait_until_healthy(plan)
    if now.verdict != "well":
        drift = "\n  ".join(now.drift)
        raise Failure(FAILED, f"not everything is running and healthy:\n  {drift}", hint)


def _silent(now: Status) -> tuple[str, ...]:
    return tuple(guest.name for guest in now.guests if guest.docker != "running")


def _looked(plan: Plan, timeout: float, enough: Callable[[Status], bool]) -> Status:
    """Look again and again until it is enough, or until the timeout.

    An emulated guest answers with the processor that it boots on, so a third of the time is for it.
    """
    deadline = time.monotonic() + timeout
    while True:
        begin = time.monotonic()
        now = status(plan)
        end = time.monotonic()
        if enough(now) or end > deadline:
            return now
        time.sleep(max(PAUSE, 2 * (end - begin)))


def _services(
    plan: Plan,
    guests: tuple[GuestStatus, ...],
    host: HostStatus,
    balancers: tuple[BalancerStatus, ...],
) -> Iterator[ServiceStatus]:
    """How many replicas of each are healthy, and what is wrong with each of the others."""
    wrong: dict[str, str] = {}
    containers = [(c, guest.state) for guest in guests for c in guest.containers]
    containers += [(c, "running") for c in host.containers]
    places = {c.name: c.guest for c in plan.containers}
    without_requests = balance.without_requests(balancers)
    for container, guest in containers:
        if guest != "running":
            wrong[container.name] = f"its guest {places[container.name]} is {guest}"
        elif not container.is_healthy:
            wrong[container.name] = container.words
        elif container.name in without_requests:
            wrong[container.name] = without_requests[container.name]
    names = dict.fromkeys(container.service for container, _ in containers)
    for name in names:
        replicas = [c.name for c, _ in containers if c.service == name]
        yield ServiceStatus(
            name=name,
            replicas=len(replicas),
            well=sum(replica not in wrong for replica in replicas),
            wrong=tuple(f"{replica}: {wrong[replica]}" for replica in replicas if replica in wrong),
        )


def _drift(host: HostStatus, guests: tuple[GuestStatus, ...]) -> list[str]:
    lines: list[str] = []
    if host.network != "active":
        lines.append(f"the lab's network is {host.network}")
    if host.registry != "running":
        lines.append(f"the registry is {host.registry}")
    lines += [f"container {c.name} is {c.words}" for c in host.containers if not c.is_healthy]
    for guest in guests:
        if guest.state != "running":
            lines.append(f"guest {guest.name} is {guest.state}")
        elif guest.docker != "running":
            lines.append(f"guest {guest.name}: its Docker is {guest.docker}")
        else:
            lines += [
                f"container {c.name} is {c.words}" for c in guest.containers if not c.is_healthy
            ]
    return lines


def _host(plan: Plan) -> HostStatus:
    networks = _table(["virsh", "-qc", plan.libvirt, "net-list", "--all"], id_column=False)
    if networks is None:
        network = UNKNOWN
    else:
        network = networks.get(plan.network.name, "missing").split()[0]
    found: Mapping[str, tuple[str, str]] | None = None
    try:
        said = HostTransport().run(["docker", "ps", "-a", "--format", FORMAT], timeout=TIMEOUT)
        found = containers(said.stdout) if said.ok else None
    except Unreachable:
        found = None
    return HostStatus(
        address=plan.network.gateway,
        network=network,
        registry=UNKNOWN if found is None else found.get(plan.registry.name, ("missing", ""))[0],
        containers=tuple(_container(container, found) for container in plan.host_containers),
    )


def _guest(plan: Plan, domains: Mapping[str, str] | None, guest: Guest) -> GuestStatus:
    state = UNKNOWN if domains is None else domains.get(guest.domain, "missing")
    found: Mapping[str, tuple[str, str]] | None = None
    if state in ("running", UNKNOWN):
        place = GuestTransport(name=guest.name, address=guest.address, keys=keys.files(plan.stack))
        try:
            said = place.run(["docker", "ps", "-a", "--format", FORMAT], timeout=TIMEOUT)
            found = containers(said.stdout) if said.ok else None
        except Unreachable:
            found = None
    return GuestStatus(
        name=guest.name,
        address=guest.address,
        state=state,
        docker="unreachable" if found is None else "running",
        containers=tuple(_container(container, found) for container in guest.containers),
    )


def _container(
    container: Container, found: Mapping[str, tuple[str, str]] | None
) -> ContainerStatus:
    if found is None:
        state, health = UNKNOWN, UNKNOWN
    else:
        state, health = found.get(container.name, ("missing", "none"))
        if state == COMPLETED and container.restart in FOR_EVER:
            state = "exited"
    return ContainerStatus(
        name=container.name,
        service=container.service,
        replica=container.replica,
        state=state,
        health=health,
    )


def containers(listing: str) -> dict[str, tuple[str, str]]:
    """Name to state and health, from Docker's listing in FORMAT."""
    found: dict[str, tuple[str, str]] = {}
    for line in listing.splitlines():
        name, state, words = line.split("\t")
        health = "none"
        for word in ("unhealthy", "healthy", "health: starting"):
            if f"({word})" in words:
                health = word.removeprefix("health: ")
                break
        if state == "exited" and words.startswith("Exited (0)"):
            state = COMPLETED
            health = "none"
        found[name] = (state, health)
    return found


def _table(command: list[str], *, id_column: bool = True) -> dict[str, str] | None:
    """Name to state from virsh's tables; None where libvirt could not be asked."""
    try:
        said = HostTransport().run(command, timeout=TIMEOUT)
    except Unreachable:
        return None
    if not said.ok:
        return None
    rows = [line.split(None, 2 if id_column else 1) for line in said.stdout.splitlines()]
    return {row[-2]: row[-1].strip() for row in rows if len(row) > 1}
