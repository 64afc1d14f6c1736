"""Docker networks on the guests, and the names and addresses of services on them."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Network

from isolab.model import Lab, Service, Subnet
from isolab.plan.model import Attachment, Container, GuestNetwork
from isolab.plan.network import addresses

DEFAULT = "default"
"""Compose's network of all services that name none."""
BRIDGE = "bridge"
"""That of all services with network_mode: bridge."""
LINKS = "isolab-links"
"""A way across the guest's border for containers whose own networks are all internal."""
LINKS_BRIDGE = "br-isolab-links"
"""Its interface, by which the guest's packet filter knows it; all of Docker's begin with br-."""
_RESERVED = frozenset({"default", "bridge", "host", "none"})


def docker_name(network: str) -> str:
    """The network's name in Docker, which keeps a few names for itself."""
    return f"isolab-{network}" if network in _RESERVED else network


def options(network: GuestNetwork) -> dict[str, str]:
    """A planned network in the words of Docker's bridge driver."""
    chosen = {"com.docker.network.bridge.name": network.bridge} if network.bridge else {}
    if network.separated:
        chosen["com.docker.network.bridge.enable_icc"] = "false"
    return chosen


def of_service(service: Service) -> tuple[str, ...]:
    """The networks of a service, by their names in the lab file."""
    if service.network_mode:
        return (BRIDGE,) if service.network_mode == BRIDGE else ()
    return tuple(service.networks) or (DEFAULT,)


def internal(lab: Lab) -> frozenset[str]:
    """The networks that have no way out."""
    return frozenset(network.name for network in lab.networks if network.internal)


def attachments(lab: Lab, service: Service, *, crosses: bool) -> tuple[Attachment, ...]:
    """A container's networks: those with a way out first, the first one being its default route."""
    closed = internal(lab)
    names = sorted(of_service(service), key=lambda name: (name in closed, name))
    attached = tuple(
        Attachment(
            network=docker_name(name),
            aliases=tuple(sorted({service.name, *service.networks.get(name, ())})),
            address=service.addresses.get(name, ""),
        )
        for name in names
    )
    if crosses and closed.issuperset(names):
        return (Attachment(network=LINKS, aliases=()), *attached)
    return attached


def guest_networks(lab: Lab, containers: Sequence[Container]) -> tuple[GuestNetwork, ...]:
    """The Docker networks that a guest's containers are on."""
    closed = {docker_name(network) for network in internal(lab)}
    names = sorted({attached.network for c in containers for attached in c.networks})
    chosen = {docker_name(n.name): n.subnet for n in lab.networks if n.subnet}
    subnets = addresses.service_subnets(
        names, {name: chosen[name].subnet for name in names if name in chosen}
    )
    return tuple(
        GuestNetwork(
            name=name,
            internal=name in closed,
            subnet=subnets.get(name, ""),
            bridge=LINKS_BRIDGE if name == LINKS else "",
            separated=name == LINKS,
            gateway=gateway(chosen[name]) if name in chosen else "",
            ip_range=chosen[name].ip_range if name in chosen else "",
        )
        for name in names
    )


def gateway(chosen: Subnet) -> str:
    """The bridge's own address, said to Docker: with a range it would take the range's first."""
    return chosen.gateway or str(IPv4Network(chosen.subnet)[1])


def addressed(
    lab: Lab, networks: Sequence[GuestNetwork], containers: Sequence[Container]
) -> tuple[Container, ...]:
    """A guest's containers with their addresses on its networks."""
    reserved = {docker_name(n.name): n.subnet.reserved for n in lab.networks if n.subnet}
    given: dict[tuple[str, str, int], str] = {}
    for network in filter(lambda network: network.subnet, networks):
        on = [(c, a) for c in containers for a in c.networks if a.network == network.name]
        taken = [a.address for _, a in on if a.address]
        taken += [network.gateway] if network.gateway else []
        found = addresses.container_addresses(
            network.ip_range or network.subnet,
            [(c.service, c.replica) for c, a in on if not a.address],
            taken=(*taken, *reserved.get(network.name, ())),
        )
        given |= {(network.name, *key): address for key, address in found.items()}
    return tuple(
        replace(
            container,
            networks=tuple(
                replace(
                    attached,
                    address=attached.address
                    or given.get((attached.network, container.service, container.replica), ""),
                )
                for attached in container.networks
            ),
        )
        for container in containers
    )
