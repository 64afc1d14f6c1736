"""Balancers with everything decided: where they run and listen, and what they send where."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from isolab import model
from isolab.model import Healthcheck, Lab, Limits
from isolab.plan import haproxy
from isolab.plan.containers import FILES
from isolab.plan.model import HOST, Backend, Balancer, Container, Endpoint, File, Route
from isolab.plan.network.links import ports
from isolab.units import MiB, Seconds

IMAGE = "isolab/haproxy:1"
STATISTICS_PORT = 8404
"""Of the first balancer; each further one takes the next."""
MEMORY = MiB(128)
"""Twice what one worker needs: at a reload the old and the new one overlap."""
USER = "65534:65534"


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """What a balancer needs to know of the lab around it."""

    lab: Lab
    stack: str
    gateway: str
    addresses: Mapping[str, str]
    """Guest to address."""
    digests: Mapping[str, str]
    kvm: bool
    files: str
    """The host's folder for files of its own containers."""


def targets(lab: Lab, stack: str) -> Mapping[str, Mapping[int, tuple[str, ...]]]:
    """Service to those of its ports that balancers send requests to, with their containers."""
    found: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for balancer in lab.balancers:
        for route in balancer.routes:
            service = next((s for s in lab.services if s.name == route.service), None)
            if service is not None:
                own = container_name(stack, balancer.name, guest_of(lab, balancer))
                for port in (route.port,) if route.port else ports(service)[:1]:
                    found[route.service][port].add(own)
    return {
        name: {port: tuple(sorted(found[name][port])) for port in sorted(found[name])}
        for name in found
    }


def container_name(stack: str, balancer: str, guest: str) -> str:
    """What runs a balancer; on the host beside other stacks' containers."""
    own = f"{balancer}-balancer"
    return f"isolab-{stack}-{own}" if guest == HOST else own


def balancers(around: Around, containers: Sequence[Container]) -> tuple[Balancer, ...]:
    """All of a lab, with the containers that run them."""
    return tuple(
        _balancer(around, balancer, STATISTICS_PORT + number, containers)
        for number, balancer in enumerate(sorted(around.lab.balancers, key=lambda b: b.name))
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Alone:
    """A balancer in front of servers that are no services of its lab."""

    name: str
    mode: Literal["http", "tcp"]
    address: str
    """Where it listens."""
    listen: int
    servers: tuple[tuple[str, int], ...]
    """Address and port of each."""
    check: str
    """Path that is asked whether a server is healthy; empty for a TCP connection alone."""
    sticky: bool
    on_host: bool
    """Whether it runs in the host's Docker, beside other stacks' containers."""


def alone(asked: Alone, around: Around) -> Balancer:
    """The balancer with its container; it has no page of statistics."""
    guest = HOST if asked.on_host else "docker"
    backends = tuple(
        Backend(container=f"{address}-{port}", guest="", address=address, port=port)
        for address, port in asked.servers
    )
    path = "/" if asked.mode == "http" else ""
    made = Balancer(
        name=asked.name,
        mode=asked.mode,
        sticky=asked.sticky,
        address=asked.address,
        listen=asked.listen,
        statistics=None,
        routes=(
            Route(
                path=path, service=asked.name, name=asked.name, check=asked.check, backends=backends
            ),
        ),
        container=_container(around, asked.name, guest),
    )
    text = haproxy.configuration(made, kvm=around.kvm)
    return replace(made, container=_with_file(around, made.container, text))


def endpoints(around: Around, planned: Sequence[Balancer]) -> tuple[Endpoint, ...]:
    """Where people reach the services behind balancers."""
    return tuple(
        Endpoint(
            service=route.service,
            url=f"{balancer.mode}://{_shown(around, balancer)}:{balancer.listen}"
            + route.path.rstrip("/"),
        )
        for balancer in planned
        for route in sorted(balancer.routes, key=lambda route: (len(route.path), route.path))
    )


def guest_of(lab: Lab, balancer: model.Balancer) -> str:
    """The guest that runs a balancer, or HOST."""
    groups = {group.name for group in lab.guests}
    where = balancer.placement
    return f"{where}-1" if where in groups else where


def _shown(around: Around, balancer: Balancer) -> str:
    """An address to dial, where it listens on all."""
    if balancer.address != "0.0.0.0":
        return balancer.address
    return around.addresses.get(balancer.container.guest, around.gateway)


def _balancer(
    around: Around, asked: model.Balancer, statistics: int, containers: Sequence[Container]
) -> Balancer:
    guest = guest_of(around.lab, asked)
    here = around.gateway if guest == HOST else around.addresses[guest]
    made = Balancer(
        name=asked.name,
        mode=asked.mode,
        sticky=asked.sticky,
        address=asked.address or here,
        listen=asked.listen,
        statistics=statistics,
        statistics_address=_loopback(here),
        routes=_routes(around, asked, containers),
        container=_container(around, asked.name, guest),
    )
    text = haproxy.configuration(made, kvm=around.kvm)
    return replace(made, container=_with_file(around, made.container, text))


def _routes(
    around: Around, asked: model.Balancer, containers: Sequence[Container]
) -> tuple[Route, ...]:
    """A service that stands in several routes is a backend in each, the second under web_2."""
    routes: list[Route] = []
    for route in sorted(asked.routes, key=lambda route: route.path):
        service = next(s for s in around.lab.services if s.name == route.service)
        before = sum(known.service == route.service for known in routes)
        routes.append(
            Route(
                path=route.path,
                service=route.service,
                name=route.service if not before else f"{route.service}_{before + 1}",
                check=route.check,
                backends=_backends(around, containers, service, route.port),
            )
        )
    return tuple(routes)


def _backends(
    around: Around, containers: Sequence[Container], service: model.Service, port: int | None
) -> tuple[Backend, ...]:
    wanted = port or ports(service)[0]
    return tuple(
        Backend(
            container=container.name,
            guest=container.guest,
            address=around.addresses[container.guest],
            port=next(
                p.external
                for p in container.ports
                if p.internal == wanted and p.ip == around.addresses[container.guest]
            ),
        )
        for container in containers
        if container.service == service.name
    )


def _loopback(address: str) -> str:
    """A loopback address that belongs to this lab alone, as its network does: two stacks' pages
    can then have the same port."""
    return f"127.{address.partition('.')[2]}"


def _container(around: Around, name: str, guest: str) -> Container:
    return Container(
        name=container_name(around.stack, name, guest),
        service=name,
        replica=1,
        guest=guest,
        image=IMAGE,
        digest=around.digests.get(IMAGE),
        slice="",
        command=None,
        entrypoint=None,
        environment=(),
        ports=(),
        networks=(),
        mounts=(),
        files=(),
        tmpfs=(("/run/haproxy", "size=1m,mode=1777"),),
        hosts=(),
        depends_on=(),
        healthcheck=Healthcheck(
            test=("CMD", "turn", "alive"),
            interval=Seconds(2.0 if guest == HOST or around.kvm else 5.0),
            timeout=Seconds(5.0),
            retries=3,
        ),
        restart="unless-stopped",
        user=USER,
        working_dir="",
        hostname="",
        read_only=True,
        init=False,
        cap_add=(),
        cap_drop=("ALL",),
        security_opt=("no-new-privileges:true",),
        ulimits=(),
        sysctls=(),
        labels=(("isolab.balancer", name), ("isolab.stack", around.stack)),
        stop_grace_period=Seconds(10.0),
        # Ends once the requests in flight have; SIGTERM would cut them off.
        stop_signal="SIGUSR1",
        logging_driver="",
        logging_options=(),
        limits=Limits(memory=MEMORY, cpus=1.0),
    )


def _with_file(around: Around, container: Container, text: str) -> Container:
    folder = around.files if container.guest == HOST else FILES
    file = File(
        kind="config",
        name="haproxy.cfg",
        path=f"{folder}/{container.name}/haproxy.cfg",
        target="/etc/haproxy/haproxy.cfg",
        mode=0o444,
        content=text,
    )
    return replace(container, files=(file,))
