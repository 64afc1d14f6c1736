"""Which guest runs which replica.

A service's replicas go round its guests, from the first one on that has room: so replicas are
apart, services that call each other are mostly together, and a guest more moves nobody but a
replica that shared its guest. `pack` fills one guest before it takes the next. Who keeps data
chooses first, so that a service more does not move it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from isolab.model import HOST, GuestGroup, Lab, Placement, Service
from isolab.plan.guest import capacity
from isolab.units import MiB

EVERYTHING = "*"
"""Stands in a placement for all services that it does not name."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Place:
    """One guest that there will be, or the host."""

    group: str
    number: int

    @property
    def name(self) -> str:
        """app-1, app-2, …; of the host itself, HOST."""
        return f"{self.group}-{self.number}" if self.number else self.group


THE_HOST = Place(group=HOST, number=0)
"""Not among the guests: a service is there where its placement says so."""


def guests(lab: Lab) -> tuple[Place, ...]:
    """All guests. Their order does not depend on the file's, so that reordering changes nothing."""
    return tuple(
        sorted(
            Place(group=group.name, number=number)
            for group in lab.guests
            for number in range(1, group.count + 1)
        )
    )


def places(lab: Lab, service: str) -> tuple[Place, ...]:
    """Where a service may run."""
    return _chosen(guests(lab), _placement(lab, service))


def place(lab: Lab) -> Mapping[tuple[str, int], Place]:
    """Each replica's guest, in the order of the lab file's services."""
    everywhere = guests(lab)
    groups = {group.name: group for group in lab.guests}
    rooms = {at: _Room(at, groups[at.group].guest(at.number)) for at in everywhere}
    rooms[THE_HOST] = _Room(THE_HOST, None)
    where = {service.name: _placement(lab, service.name) for service in lab.services}
    allowed = {name: _chosen(everywhere, placement) for name, placement in where.items()}
    taken: dict[str, list[Place]] = {}
    sharing: dict[str, list[Service]] = defaultdict(list)
    for service in lab.services:
        sharing[service.network_of].append(service)
    keeping = {other.network_of or other.name for other in lab.services if other.volumes}
    for service in sorted(
        sharing[""], key=lambda s: (s.name not in keeping, len(allowed[s.name]), s.name)
    ):
        placement = where[service.name]
        choose = _pack if placement and placement.strategy == "pack" else _spread
        at = [rooms[place] for place in allowed[service.name]]
        beside = sharing.get(service.name, [])
        found = choose(_together(service, beside), at, service.replicas)
        taken[service.name] = [room.place for room in found]
        taken |= {other.name: taken[service.name] for other in beside}
    return {
        (service.name, replica): at
        for service in lab.services
        for replica, at in enumerate(taken[service.name], 1)
    }


def _together(service: Service, beside: Sequence[Service]) -> Service:
    """A service with those that have its network, as one that needs what they need together."""
    if not beside:
        return service
    everybody = (service, *beside)
    memory = MiB(sum(capacity.needed(each) for each in everybody))
    cpus = max((each.limits.cpus or 0 for each in everybody), default=0)
    return replace(service, limits=replace(service.limits, memory=memory, cpus=cpus))


def _placement(lab: Lab, service: str) -> Placement | None:
    return lab.placement.get(service, lab.placement.get(EVERYTHING))


def _chosen(everywhere: Sequence[Place], where: Placement | None) -> tuple[Place, ...]:
    if where is None:
        return tuple(everywhere)
    named = frozenset(where.targets)
    chosen = tuple(at for at in everywhere if at.group in named or at.name in named)
    return (THE_HOST, *chosen) if HOST in named else chosen


class _Room:
    """What is still free at a place while replicas get theirs; the host has room for all."""

    def __init__(self, place: Place, guest: GuestGroup | None) -> None:
        self.place = place
        self._whole = max(1, capacity.left(guest)) if guest else None
        self._cpus = guest.vcpus if guest else None
        self._used = 0
        self._ports: set[tuple[int, str]] = set()

    def fits(self, service: Service) -> bool:
        """Whether one replica more has what it needs here."""
        if self._whole is None or self._cpus is None:
            return True
        return (
            self._used + capacity.needed(service) <= self._whole
            and (service.limits.cpus or 0) <= self._cpus
            and not any((p.published, p.protocol) in self._ports for p in service.ports)
        )

    def take(self, service: Service) -> None:
        """One replica more is here."""
        self._used += capacity.needed(service)
        self._ports |= {(p.published, p.protocol) for p in service.ports if p.published}


def _spread(service: Service, rooms: Sequence[_Room], count: int) -> Iterator[_Room]:
    """Rounds of one replica each; whoever has no room is left out, but not of the first round.

    There all places count, since replicas on one guest fall together.
    """
    rest, first = (count if rooms else 0), True
    while rest:
        fitting, full = list[_Room](), list[_Room]()
        for room in rooms:
            (fitting if room.fits(service) else full).append(room)
        chosen = [*fitting, *(full if first or not fitting else ())][:rest]
        for room in chosen:
            room.take(service)
            yield room
        rest, first = rest - len(chosen), False


def _pack(service: Service, rooms: Sequence[_Room], count: int) -> Iterator[_Room]:
    """One place after the other, each until nothing more fits; what fits nowhere is spread."""
    rest = count
    for room in rooms:
        while rest and room.fits(service):
            room.take(service)
            yield room
            rest -= 1
    yield from _spread(service, rooms, rest)
