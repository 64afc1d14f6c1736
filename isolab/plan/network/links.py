"""How one service reaches another: on one guest by Docker's DNS, else across the lab network.

A Docker network ends at its guest's border. A service on another guest is reached through its
port, published there under its own number, and a host entry for its name at the caller. Where
another has that port on the guest's address, the guest gets one more address for it. On the host
itself services have no Docker network: there they find each other in this way too.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from isolab.model import Lab, Service
from isolab.plan.network import networks
from isolab.plan.placement import THE_HOST, Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A caller in one place, and the replica in another that answers it; on the host in both."""

    caller: tuple[str, int]
    """Service and replica."""
    name: str
    """What the caller dials: the service's name or an alias."""
    callee: tuple[str, int]
    guest: str
    """The callee's, or HOST."""
    ports: tuple[int, ...]
    """The callee's ports, as its containers know them."""


def ports(service: Service) -> tuple[int, ...]:
    """What a service answers on over TCP, as far as the lab file says."""
    published = {port.target for port in service.ports if port.protocol == "tcp"}
    return tuple(sorted(published.union(service.expose)))


def links(lab: Lab, places: Mapping[tuple[str, int], Place]) -> tuple[Link, ...]:
    """All links across guests. Whoever is waited for does not call back."""
    placed: dict[str, dict[int, Place]] = {service.name: {} for service in lab.services}
    for (service, replica), where in places.items():
        placed[service][replica] = where
    order = {service.name: index for index, service in enumerate(lab.services)}
    answering: dict[str, dict[str, Service]] = defaultdict(dict)
    for service in filter(ports, lab.services):
        for network in networks.of_service(service):
            answering[network][service.name] = service
    return tuple(
        link
        for caller in lab.services
        for callee in _near(caller, answering, order)
        if caller is not callee and caller.name not in callee.depends_on
        for link in _links(caller, callee, placed[caller.name], placed[callee.name])
    )


def crowded_out(
    lab: Lab,
    places: Mapping[tuple[str, int], Place],
    called: Mapping[tuple[str, int], Sequence[Link]],
) -> Iterator[tuple[str, int]]:
    """Replicas whose callers cannot dial their guest's own address: the port is another's there."""
    taken: dict[Place, dict[int, tuple[str, int]]] = defaultdict(dict)
    for service in lab.services:
        for port in service.ports:
            for replica in range(1, service.replicas + 1):
                if port.published and port.protocol == "tcp":
                    owner = (service.name, replica)
                    taken[places[owner]].setdefault(port.published, owner)
    for callee in sorted(called):
        wanted = {port for link in called[callee] for port in link.ports}
        owners = taken[places[callee]]
        if places[callee] == THE_HOST or all(owners.get(p, callee) == callee for p in wanted):
            owners.update(dict.fromkeys(wanted, callee))
        else:
            yield callee


def _near(
    caller: Service, answering: Mapping[str, Mapping[str, Service]], order: Mapping[str, int]
) -> list[Service]:
    """The services that answer on a network of the caller's, in the order of the lab file."""
    found: dict[str, Service] = {}
    for network in networks.of_service(caller):
        found |= answering.get(network, {})
    return sorted(found.values(), key=lambda service: order[service.name])


def _links(
    caller: Service, callee: Service, here: Mapping[int, Place], there: Mapping[int, Place]
) -> Iterator[Link]:
    shared = set(networks.of_service(caller)) & set(networks.of_service(callee))
    names = {callee.name}.union(*(callee.networks.get(network, ()) for network in shared))
    if not shared or not there:
        return
    answers, near, answered = list(there), frozenset(there.values()), ports(callee)
    for replica, guest in here.items():
        if guest in near and guest != THE_HOST:
            continue
        chosen = answers[(replica - 1) % len(answers)]
        for name in sorted(names):
            yield Link(
                caller=(caller.name, replica),
                name=name,
                callee=(callee.name, chosen),
                guest=there[chosen].name,
                ports=answered,
            )
