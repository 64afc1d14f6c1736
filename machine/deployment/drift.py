"""What of a stack is not as the engine left it, and repairing it.

What only stands still is started again, as it was: that needs no engine. What is gone the engine
looks at, and recreates.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from isolab.transport import Unreachable
from machine.deployment import leftovers
from machine.deployment.state import Resource, State
from machine.host.transport import GuestTransport, HostTransport

TIMEOUT = 10
"""Seconds that a guest has to say what runs on it."""
Action = Literal["start", "resume", "refresh"]
_ACTIONS: Mapping[Action, str] = {
    "start": "starts it again",
    "resume": "lets it go on",
    "refresh": "recreates it",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Drifted:
    """One thing that is not as it was left."""

    resource: Resource
    guest: str
    """The guest that it is on; empty for domains and what is on the host."""
    state: str
    """libvirt's or Docker's word for how it is; missing where it is not there."""
    action: Action
    """What repairs it; refresh is the engine's business."""

    @property
    def is_guest(self) -> bool:
        """Whether it is a virtual machine."""
        return self.resource.type == leftovers.DOMAIN

    def __str__(self) -> str:
        kind = "domain" if self.is_guest else "container"
        return f"{kind} {self.resource.name} is {self.state}: up {_ACTIONS[self.action]}"


def drifted_resources(
    state: State, libvirt: str, guests: Mapping[str, GuestTransport]
) -> tuple[Drifted, ...]:
    """Domains that do not run, and containers that do not run on a host or guest that does.

    Args:
        state: What the engine left.
        libvirt: The libvirt's URI.
        guests: The ways into the guests; a guest that does not answer is not judged.
    """
    domains = state.of_type(leftovers.DOMAIN)
    containers = state.of_type(leftovers.CONTAINER)
    found: list[Drifted] = []
    running: set[str] = set()
    states = _domains(libvirt)
    for domain in domains if states is not None else ():
        word = (states or {}).get(domain.name, "missing")
        if word in ("running", "idle", "in shutdown"):
            running.add(state.guest_of(domain))
        else:
            found.append(Drifted(resource=domain, guest="", state=word, action=_action(word)))
    asked = {name: way for name, way in guests.items() if name in running}
    with ThreadPoolExecutor(max_workers=8) as pool:
        told = dict(zip(asked, pool.map(_containers, asked.values()), strict=True))
    told[""] = _containers(HostTransport())
    for container in containers:
        there = told.get(state.guest_of(container))
        word = "running" if there is None else there.get(container.name, "missing")
        # Docker itself brings a restarting one back, or nobody does.
        if word not in ("running", "restarting"):
            found.append(
                Drifted(
                    resource=container,
                    guest=state.guest_of(container),
                    state=word,
                    action=_action(word),
                )
            )
    return tuple(found)


def start(
    drifted: Sequence[Drifted],
    libvirt: str,
    guests: Mapping[str, GuestTransport],
    report: Callable[[str], None],
) -> tuple[Resource, ...]:
    """Start what only stands still; what is left for the engine to look at."""
    left: list[Resource] = []
    for found in drifted:
        name = found.resource.name
        place = guests[found.guest] if found.guest else HostTransport()
        if found.is_guest:
            words = ["virsh", "-qc", libvirt, found.action, name]
        else:
            words = ["docker", "unpause" if found.action == "resume" else "start", name]
        report(str(found))
        if found.action == "refresh" or not _done(place, words):
            left.append(found.resource)
    return tuple(left)


def _action(state: str) -> Action:
    if state in ("missing", "dead"):
        return "refresh"
    return "resume" if state == "paused" else "start"


def _done(place: HostTransport | GuestTransport, words: list[str]) -> bool:
    try:
        return place.run(words, timeout=60).ok
    except Unreachable:
        return False


def _domains(libvirt: str) -> Mapping[str, str] | None:
    """Name to libvirt's word; None where it could not be asked."""
    return _table(HostTransport(), ["virsh", "-qc", libvirt, "list", "--all"])


def _containers(place: HostTransport | GuestTransport) -> Mapping[str, str] | None:
    """Name to Docker's word; None where it could not be asked."""
    words = ["docker", "ps", "-a", "--format", "0 {{.Names}} {{.State}}"]
    return _table(place, words)


def _table(place: HostTransport | GuestTransport, words: list[str]) -> Mapping[str, str] | None:
    try:
        said = place.run(words, timeout=TIMEOUT)
    except Unreachable:
        return None
    if not said.ok:
        return None
    rows = (line.split(None, 2) for line in said.stdout.splitlines())
    return {row[-2]: row[-1].strip() for row in rows if len(row) == 3}
