"""Docker networks on the guests, and the names of services on them."""

from isolab.model import Lab, Service
from isolab.plan.model import Attachment, GuestNetwork

DEFAULT = "default"
"""Compose's network of all services that name none."""
LINKS = "isolab-links"
"""A way across the guest's border for containers whose own networks are all internal."""
_RESERVED = frozenset({"default", "bridge", "host", "none"})


def docker_name(network: str) -> str:
    """The network's name in Docker, which keeps a few names for itself."""
    return f"isolab-{network}" if network in _RESERVED else network


def of_service(service: Service) -> tuple[str, ...]:
    """The networks of a service, by their names in the lab file."""
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
        )
        for name in names
    )
    if crosses and closed.issuperset(names):
        return (Attachment(network=LINKS, aliases=()), *attached)
    return attached


def guest_network(lab: Lab, name: str) -> GuestNetwork:
    """A Docker network as its guest gets it."""
    closed = {docker_name(network) for network in internal(lab)}
    return GuestNetwork(name=name, internal=name in closed)
