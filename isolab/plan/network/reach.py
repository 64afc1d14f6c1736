"""What guests reach of the host: a DNS name of the lab network, which libvirt's hook reads.

A network's names change while it runs, in each of Pulumi's plugins; all else that it could carry
would replace it, with all guests.
"""

from collections.abc import Iterator

from isolab.plan.model import HOST, Plan

ANY_ADDRESS = ("", "0.0.0.0")


def reach(plan: Plan) -> str:
    """The ports that are open on the gateway, and what is open outside: 5000.8080.u53.internet…"""
    tcp = sorted({port for protocol, port in open_ports(plan) if protocol == "tcp"})
    udp = sorted({port for protocol, port in open_ports(plan) if protocol == "udp"})
    words = (*map(str, tcp), *(f"u{port}" for port in udp), plan.network.outside)
    return f"{'.'.join(words)}.reach.{plan.network.domain}"


def open_ports(plan: Plan) -> Iterator[tuple[str, int]]:
    """Those of the registry, of balancers on the host and of services on it."""
    here = (plan.network.gateway, *ANY_ADDRESS)
    yield "tcp", plan.registry.port
    for balancer in plan.balancers:
        if balancer.container.guest == HOST and balancer.address in here:
            yield "tcp", balancer.listen
    for container in plan.host_containers:
        for port in container.ports:
            yield port.protocol, port.external
