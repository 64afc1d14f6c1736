"""The order in which services start and guests are made: behind all that they depend on."""

from collections.abc import Iterable, Sequence
from graphlib import TopologicalSorter

from isolab.model import Service
from isolab.plan.model import Guest


def start_order(services: Iterable[Service]) -> tuple[Service, ...]:
    """Services behind their dependencies; by name where it does not matter."""
    by_name = {service.name: service for service in services}
    sorter = TopologicalSorter(
        {name: set(by_name[name].depends_on) & by_name.keys() for name in sorted(by_name)}
    )
    sorter.prepare()
    ordered: list[Service] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += (by_name[name] for name in ready)
        sorter.done(*ready)
    return tuple(ordered)


def guest_order(guests: Sequence[Guest]) -> tuple[Guest, ...]:
    """Guests behind those whose containers theirs wait for; guests that wait for each other as
    they come.
    """
    where = {container.name: guest.name for guest in guests for container in guest.containers}
    by_name = {guest.name: guest for guest in guests}
    ordered: dict[str, Guest] = {}
    begun: set[str] = set()

    def add(guest: Guest) -> None:
        if guest.name in begun:
            return
        begun.add(guest.name)
        waits = {name for container in guest.containers for name, _ in container.depends_on}
        for name in sorted({where[name] for name in waits if name in where}):
            add(by_name[name])
        ordered[guest.name] = guest

    for guest in guests:
        add(guest)
    return tuple(ordered.values())
