"""What the layers of a stack are like at this moment, in the drawing's words."""

from collections.abc import Iterator, Mapping

from isolab.cli.context import live
from isolab.cli.context.balance import BalancerStatus
from isolab.cli.context.live import ContainerStatus, GuestStatus, Status
from isolab.draw.drawing import Health, State
from isolab.plan.model import Plan

Key = tuple[str, str]
"""A box's kind and name."""


def of(plan: Plan) -> Mapping[Key, State]:
    """Each box's state, asked from its layer."""
    return told(plan, live.status(plan))


def told(plan: Plan, now: Status) -> Mapping[Key, State]:
    """Each box's state, from what the layers said."""
    return dict(_told(plan, now))


def _told(plan: Plan, now: Status) -> Iterator[tuple[Key, State]]:
    network, registry = now.host.network, now.host.registry
    yield ("lab network", plan.network.name), _state(network, healthy=network == "active")
    yield ("registry", "registry"), _state(registry, healthy=registry == "running")
    for balancer in now.balancers:
        yield ("balancer", balancer.name), _balancer(balancer)
    for guest in now.guests:
        yield ("guest", guest.name), _guest(guest)
    for containers in (now.host.containers, *(guest.containers for guest in now.guests)):
        for container in containers:
            yield ("container", container.name), _container(container)


def _balancer(balancer: BalancerStatus) -> State:
    """It is healthy as long as it has a replica to send requests to; each has a box of its own."""
    if balancer.state != "running":
        return _state(balancer.state, healthy=False)
    getting = sum(backend.gets_requests for backend in balancer.backends)
    words = f"running, {getting} of {len(balancer.backends)} get requests"
    return _state(words, healthy=getting > 0)


def _guest(guest: GuestStatus) -> State:
    silent = guest.docker != "running"
    words = guest.state + (f", Docker {guest.docker}" if silent else "")
    if silent and guest.state == "running":
        return State(words=words, health="unknown")
    return _state(words, healthy=guest.state == "running")


def _container(container: ContainerStatus) -> State:
    health = "" if container.health in ("none", live.UNKNOWN) else f", {container.health}"
    return _state(container.state + health, healthy=container.is_healthy)


def _state(words: str, *, healthy: bool) -> State:
    health: Health = "unknown" if live.UNKNOWN in words else "healthy" if healthy else "down"
    return State(words=words, health=health)
