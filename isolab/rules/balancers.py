"""Rules about balancers."""

from collections.abc import Iterator
from itertools import combinations

from isolab.model import Balancer, Lab, Path, Problem, Service
from isolab.rules.problem import problem, unknown

ON_HOST = "host"
FIRST_FREE = 1024
"""Ports below belong to root, and a balancer is not root."""


def balancers_have_names_of_their_own(lab: Lab) -> Iterator[Problem]:
    """Logs, status and diffs tell balancers and services by name."""
    services = {service.name for service in lab.services}
    for balancer in lab.balancers:
        if balancer.name in services:
            path = ("balancers", balancer.name)
            yield problem(
                lab,
                path,
                f"a service already has the name {balancer.name}",
                "choose another name for the balancer",
            )


def balanced_services_exist(lab: Lab) -> Iterator[Problem]:
    """A balancer without replicas answers nobody."""
    known = {service.name for service in lab.services}
    for balancer in lab.balancers:
        for route in balancer.routes:
            if route.service not in known:
                path = place_of(lab, balancer, route.path, "service")
                yield unknown(lab, path, "service", route.service, known)


def balanced_ports_are_named(lab: Lab) -> Iterator[Problem]:
    """What a replica listens on only the lab file can say."""
    services = {service.name: service for service in lab.services}
    for balancer in lab.balancers:
        for route in balancer.routes:
            service = services.get(route.service)
            if service and service.network_of:
                yield problem(
                    lab,
                    place_of(lab, balancer, route.path, "service"),
                    f"{service.name} has no ports of its own: network_mode is "
                    f"{service.network_mode}",
                    f"name {service.network_of} here, and the port there",
                )
                continue
            if service is None or route.port is not None:
                continue
            count = len(tcp_ports(service))
            if count != 1:
                named = "exposes no port" if not count else f"has {count} ports"
                yield problem(
                    lab,
                    place_of(lab, balancer, route.path, "service"),
                    f"{service.name} {named}: the balancer needs to know which one it uses",
                    "for example port: 8000",
                )


def routes_take_every_request(lab: Lab) -> Iterator[Problem]:
    """A request that no route takes would get an error that nobody meant."""
    for balancer in lab.balancers:
        path = ("balancers", balancer.name, "routes")
        if path not in lab.positions:
            continue
        if balancer.mode == "tcp":
            yield problem(lab, path, "routes need mode http: a route is chosen by the URL's path")
        elif all(route.path != "/" for route in balancer.routes):
            yield problem(
                lab, path, "no route takes requests for other paths", "add the route /: SERVICE"
            )


def balancers_may_listen(lab: Lab) -> Iterator[Problem]:
    """A port is taken once."""
    for balancer in lab.balancers:
        if balancer.listen < FIRST_FREE:
            yield problem(
                lab,
                ("balancers", balancer.name, "listen"),
                f"{balancer.listen} given, expected a port from {FIRST_FREE} on",
                "balancers do not run as root, so lower ports are not open to them",
            )
    for first, second in combinations(lab.balancers, 2):
        everywhere = "0.0.0.0" in (first.address, second.address)
        met = everywhere or first.address == second.address
        if met and first.placement == second.placement and first.listen == second.listen:
            yield problem(
                lab,
                ("balancers", second.name, "listen"),
                f"{first.name} already listens on {first.listen}",
            )


def balancers_have_one_place(lab: Lab) -> Iterator[Problem]:
    """A balancer is one container."""
    counts = {group.name: group.count for group in lab.guests}
    guests = {f"{name}-{n}" for name, count in counts.items() for n in range(1, count + 1)}
    for balancer in lab.balancers:
        where, path = balancer.placement, ("balancers", balancer.name, "placement")
        if counts.get(where, 1) > 1:
            message = f"{where} has {counts[where]} guests, but a balancer is one container"
            yield problem(lab, path, message, f"for example {where}-1")
        elif where not in {ON_HOST, *counts, *guests}:
            yield unknown(lab, path, "guest group or guest", where, {ON_HOST, *counts, *guests})


def tcp_ports(service: Service) -> frozenset[int]:
    """What a service answers on, as far as the lab file says."""
    published = {port.target for port in service.ports if port.protocol == "tcp"}
    return frozenset(published.union(service.expose))


def place_of(lab: Lab, balancer: Balancer, route: str, key: str) -> Path:
    """Where a route's value stands: in the balancer itself, or in its routes, short or long."""
    long = ("balancers", balancer.name, "routes", route)
    places: tuple[Path, ...] = ((*long, key), long, ("balancers", balancer.name, key))
    return next((place for place in places if place in lab.positions), places[-1])
