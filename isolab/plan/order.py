"""The order in which services start: behind all that they depend on."""

from collections.abc import Iterable
from graphlib import TopologicalSorter

from isolab.model import Service


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
