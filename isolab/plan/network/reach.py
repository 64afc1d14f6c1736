"""What guests reach of the host: a DNS name of the lab network, which libvirt's hook reads.

A network's names change while it runs, in each of Pulumi's plugins; all else that it could carry
would replace it, with all guests.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from isolab.plan.model import HOST, Plan

ANY_ADDRESS = ("", "0.0.0.0")
LONGEST = 253
"""Characters of a DNS name (RFC 1035, 255 octets with the first length and the root)."""


def reach(plan: Plan) -> str:
    """The ports open on the gateway, and what is open outside: 5000.8080-8082.u53.internet…"""
    found = set(open_ports(plan))
    words = (
        *_ranges("", sorted(port for protocol, port in found if protocol == "tcp")),
        *_ranges("u", sorted(port for protocol, port in found if protocol == "udp")),
        plan.network.outside,
    )
    return f"{'.'.join(words)}.reach.{plan.network.domain}"


def _ranges(prefix: str, ports: Sequence[int]) -> Iterator[str]:
    """Ports in order, those in a row as one word."""
    runs = groupby(enumerate(ports), key=lambda pair: pair[1] - pair[0])
    for _, run in runs:
        first, *rest = (port for _, port in run)
        yield f"{prefix}{first}-{rest[-1]}" if rest else f"{prefix}{first}"


def open_ports(plan: Plan) -> Iterator[tuple[str, int]]:
    """The registry's, those of balancers and services on the host, and what the lab file opens."""
    here = (plan.network.gateway, *ANY_ADDRESS)
    yield "tcp", plan.registry.port
    for balancer in plan.balancers:
        if balancer.container.guest == HOST and balancer.address in here:
            yield "tcp", balancer.listen
    for container in plan.host_containers:
        for port in container.ports:
            yield port.protocol, port.external
    for word in plan.network.host_ports:
        number, _, protocol = word.partition("/")
        yield protocol, int(number)
