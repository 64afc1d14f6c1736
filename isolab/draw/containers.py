"""Containers as boxes."""

from collections.abc import Iterator

from isolab.draw import words
from isolab.draw.drawing import Box, Kind
from isolab.model import FOR_EVER
from isolab.plan.model import Balancer, Cluster, Container, Guest


def identity(container: Container) -> str:
    """The container's box; the same container on another guest is another box."""
    return f"container/{container.guest}/{container.name}"


def container_box(
    container: Container, guest: Guest | None, clusters: tuple[Cluster, ...] = ()
) -> Box:
    """One replica of a service; guest is None for what runs on the host itself."""
    facts = tuple(_facts(container, guest, clusters))
    return Box(
        id=identity(container),
        kind="container",
        name=container.name,
        service=container.service,
        facts=facts,
        details=tuple(_details(container, clusters)),
        likeness=f"{container.service} {facts}",
    )


def balancer_box(balancer: Balancer) -> Box:
    """A balancer, told by what it does and not by its container."""
    container = balancer.container
    kind: Kind = "balancer"
    backends = sum(len(route.backends) for route in balancer.routes)
    facts = (
        f"{balancer.mode} {balancer.address}:{balancer.listen}",
        f"{words.count(backends, 'backend')}{', sticky' if balancer.sticky else ''}",
        words.limits(container.limits),
    )
    routes = tuple(
        ("route", f"{route.path or 'all'} to {route.service}, check {route.check or 'TCP'}")
        for route in balancer.routes
    )
    statistics = balancer.statistics
    page = (("statistics", f"http://127.0.0.1:{statistics}"),) if statistics else ()
    return Box(
        id=identity(container),
        kind=kind,
        name=balancer.name,
        service=container.service,
        facts=facts,
        details=(("listens on", f"{balancer.address}:{balancer.listen}"), *routes, *page,
                 *_details(container, ())),
        likeness=f"balancer {facts}",
    )  # fmt: skip


def has_way_out(container: Container, guest: Guest | None) -> bool:
    """Whether one of its networks lets it leave its guest."""
    networks, beside = (guest.networks, guest.containers) if guest else ((), ())
    owner = next((c for c in beside if c.name == container.network_of), container)
    closed = {network.name for network in networks if network.internal}
    return any(attached.network not in closed for attached in owner.networks)


def _facts(
    container: Container, guest: Guest | None, clusters: tuple[Cluster, ...]
) -> Iterator[str]:
    yield container.image
    yield words.ports(container)
    yield words.limits(container.limits)
    if container.restart not in FOR_EVER:
        yield words.end(container.restart)
    if container.copies:
        yield words.copies(container)
    for cluster in clusters:
        if container.name in cluster.members:
            yield f"cluster {cluster.name} ({cluster.engine})"
    if container.host_rights:
        yield f"trusted with {', '.join(container.host_rights)}"
    if guest and not has_way_out(container, guest):
        yield "no way out"


def _details(container: Container, clusters: tuple[Cluster, ...]) -> Iterator[tuple[str, str]]:
    """Names of variables alone: values may be secret."""
    known = (
        ("service", f"{container.service}, replica {container.replica}"),
        ("image", container.image),
        ("digest", container.digest or ""),
        ("ports", ", ".join(f"{p.ip}:{words.port(p)}" for p in container.ports)),
        ("limits", words.limits(container.limits)),
        ("networks", ", ".join(attached.network for attached in container.networks)),
        ("also known as", _names(container)),
        ("volumes", ", ".join(f"{m.volume} at {m.target}" for m in container.mounts)),
        ("copies", ", ".join(map(words.copy, container.copies))),
        ("files", ", ".join(f"{f.kind} {f.name} at {f.target}" for f in container.files)),
        ("tmpfs", ", ".join(path for path, _ in container.tmpfs)),
        ("knows", ", ".join(f"{name} as {address}" for name, address in container.hosts)),
        ("waits for", ", ".join(name for name, _ in container.depends_on)),
        ("clusters", ", ".join(c.name for c in clusters if container.name in c.members)),
        ("health", " ".join(container.healthcheck.test) if container.healthcheck else "no check"),
        ("restart", container.restart),
        ("user", container.user or "the image's"),
        ("root filesystem", "read-only" if container.read_only else "writable"),
        ("capabilities", _capabilities(container)),
        ("of the host", "; ".join(container.host_rights.values())),
        ("variables", ", ".join(name for name, _ in container.environment)),
        ("command", " ".join(container.command or ())),
    )
    return ((label, value) for label, value in known if value)


def _names(container: Container) -> str:
    names = {alias for attached in container.networks for alias in attached.aliases}
    return ", ".join(sorted(names - {container.service}))


def _capabilities(container: Container) -> str:
    dropped = ", ".join(name.removeprefix("CAP_").lower() for name in container.cap_drop)
    added = ", ".join(name.removeprefix("CAP_").lower() for name in container.cap_add)
    parts = (dropped and f"without {dropped}", added and f"with {added}")
    return ", ".join(part for part in parts if part) or "Docker's default"
