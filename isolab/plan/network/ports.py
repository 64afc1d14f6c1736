"""Numbers for published ports that the lab file leaves open: no two alike on one guest."""

from collections import defaultdict
from collections.abc import Mapping

from isolab.model import Lab
from isolab.plan.network import addresses
from isolab.plan.placement import Place

NONE_LEFT = 0
"""Instead of a port where a guest has no more; a rule says so."""
OpenPorts = Mapping[tuple[str, int, int], int]
"""Service, replica and the container's port to the port of its guest."""


def open_ports(
    lab: Lab,
    placed: Mapping[tuple[str, int], Place],
    balanced: Mapping[str, tuple[int, ...]],
) -> OpenPorts:
    """Each takes the first of its own candidates that nobody else has there.

    Args:
        lab: The lab.
        placed: Where each replica runs.
        balanced: Service to those of its ports that balancers send requests to.
    """
    named = {port.published for service in lab.services for port in service.ports}
    answered = {port for service in lab.services for port in service.expose}
    taken: dict[Place, set[int]] = defaultdict(set)
    chosen: dict[tuple[str, int, int], int] = {}
    for service in sorted(lab.services, key=lambda service: service.name):
        open_ = {port.target for port in service.ports if port.published is None}
        for target in sorted(open_.union(balanced.get(service.name, ()))):
            candidates = [
                port
                for port in addresses.published_ports(service.name, target)
                if port not in named and port not in answered
            ]
            for replica in range(1, service.replicas + 1):
                here = taken[placed[service.name, replica]]
                port = next((port for port in candidates if port not in here), NONE_LEFT)
                here.add(port)
                chosen[service.name, replica, target] = port
    return chosen
