"""How one service reaches another: on one guest by Docker's DNS, else across the lab network.

A Docker network ends at its guest's border. A service on another guest is reached through its
port, published there under its own number, and a host entry for its name at the caller.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from isolab.model import Lab, Service
from isolab.plan import networks
from isolab.plan.placement import Place, place


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A caller on one guest, and the replica on another that answers it."""

    caller: tuple[str, int]
    """Service and replica."""
    name: str
    """What the caller dials: the service's name or an alias."""
    callee: tuple[str, int]
    guest: str
    """The callee's."""
    ports: tuple[int, ...]
    """The callee's ports, as its containers know them."""


def ports(service: Service) -> tuple[int, ...]:
    """What a service answers on over TCP, as far as the lab file says."""
    published = {port.target for port in service.ports if port.protocol == "tcp"}
    return tuple(sorted(published.union(service.expose)))


def links(lab: Lab) -> tuple[Link, ...]:
    """All links across guests. Whoever is waited for does not call back."""
    placed = place(lab)
    return tuple(
        link
        for caller in lab.services
        for callee in lab.services
        if caller is not callee and caller.name not in callee.depends_on and ports(callee)
        for link in _links(caller, callee, placed)
    )


def _links(
    caller: Service, callee: Service, placed: Mapping[tuple[str, int], Place]
) -> Iterator[Link]:
    shared = set(networks.of_service(caller)) & set(networks.of_service(callee))
    names = {callee.name}.union(*(callee.networks.get(network, ()) for network in shared))
    there = [key for key in placed if key[0] == callee.name]
    if not shared or not there:
        return
    for replica in range(1, caller.replicas + 1):
        guest = placed.get((caller.name, replica))
        if guest is None or any(placed[key] == guest for key in there):
            continue
        chosen = there[(replica - 1) % len(there)]
        for name in sorted(names):
            yield Link(
                caller=(caller.name, replica),
                name=name,
                callee=chosen,
                guest=placed[chosen].name,
                ports=ports(callee),
            )
