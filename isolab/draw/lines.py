"""How boxes are tied to each other, from a plan."""

from collections.abc import Iterator
from itertools import pairwise

from isolab.draw.containers import identity
from isolab.draw.drawing import Line
from isolab.draw.layers import LAB_NETWORK, OUTSIDE, volume_id
from isolab.plan.model import HOST, Container, Plan


def lines(plan: Plan) -> tuple[Line, ...]:
    """All lines of a lab, from the top down: outside, the lab network, guests, what is in them."""
    return (
        Line(source=OUTSIDE, target=LAB_NETWORK, kind="leaves", label="NAT"),
        *(
            Line(source=LAB_NETWORK, target=f"guest/{guest.name}", kind="attached")
            for guest in plan.guests
        ),
        *_entries(plan),
        *_routes(plan),
        *_clusters(plan),
        *_across_guests(plan),
        *_inside_guests(plan),
    )


def _entries(plan: Plan) -> Iterator[Line]:
    """From outside to the ports that the lab file publishes, and to the balancers."""
    urls = {endpoint.url: endpoint.service for endpoint in plan.endpoints}
    for container in plan.containers:
        for port in container.ports:
            if urls.get(f"http://{port.ip}:{port.external}") == container.service:
                target = identity(container)
                yield Line(source=OUTSIDE, target=target, kind="entry", label=f":{port.external}")
    for balancer in plan.balancers:
        target, label = identity(balancer.container), f":{balancer.listen}"
        yield Line(source=OUTSIDE, target=target, kind="entry", label=label)
    for container in plan.host_containers:
        for port in container.ports:
            target, label = identity(container), f":{port.external}"
            yield Line(source=OUTSIDE, target=target, kind="entry", label=label)


def _routes(plan: Plan) -> Iterator[Line]:
    for balancer in plan.balancers:
        for route in balancer.routes:
            path = "" if route.path in ("", "/") else f"{route.path} "
            for backend in route.backends:
                yield Line(
                    source=identity(balancer.container),
                    target=f"container/{backend.guest}/{backend.container}",
                    kind="route",
                    label=f"{path}:{backend.port}",
                )


def _clusters(plan: Plan) -> Iterator[Line]:
    """Each member to the next: all with all would be a tangle."""
    where = {container.name: identity(container) for container in _everything(plan)}
    for cluster in plan.clusters:
        members = [where[name] for name in cluster.members if name in where]
        for source, target in pairwise(members):
            yield Line(source=source, target=target, kind="cluster", label=cluster.engine)


def _across_guests(plan: Plan) -> Iterator[Line]:
    """A container that knows another guest's address by a service's name calls it there."""
    guests = plan.at
    for caller in _everything(plan):
        found: dict[str, str] = {}
        for name, address in caller.hosts:
            guest = guests.get(address)
            for callee in guest.containers if guest and guest.name != caller.guest else ():
                ports = [p.external for p in callee.ports if p.ip in (address, "", "0.0.0.0")]
                if ports and name in callee.called:
                    found[identity(callee)] = ":" + ",".join(map(str, ports))
        for target, label in found.items():
            yield Line(source=identity(caller), target=target, kind="link", label=label)


def _inside_guests(plan: Plan) -> Iterator[Line]:
    guests = {guest.name: guest for guest in plan.guests}
    for container in (*plan.containers, *(b.container for b in plan.balancers)):
        if container.guest == HOST:
            continue
        for attached in container.networks:
            target = f"network/{container.guest}/{attached.network}"
            yield Line(source=identity(container), target=target, kind="attached")
        for mount in container.mounts:
            target = volume_id(guests[container.guest], mount.volume)
            label = mount.target + (" (read-only)" if mount.read_only else "")
            yield Line(source=identity(container), target=target, kind="mounted", label=label)


def _everything(plan: Plan) -> tuple[Container, ...]:
    return (*plan.containers, *plan.host_containers)
