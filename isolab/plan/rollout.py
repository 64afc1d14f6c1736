"""Rolling change: replicas go one by one, each out of its balancers first and in again when well.

A replica's turn is a command beside its container. Whatever replaces the container, or the guest
below it, takes the turn back first (requests go elsewhere, those in flight end) and gives it anew
behind it (requests again, once the balancer has seen it well). The next replica waits for that.
"""

import shlex
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from isolab.plan.model import Balancer, Container, Guest

T = TypeVar("T")

PATIENCE = 240
"""Seconds that a replica has to get well: an emulated guest may have to boot before."""
LOOK = 20
"""Seconds between two words about it."""
MARGIN = 30
"""Seconds that Docker has for an answer, beside what it is asked to do."""


def servers(balancer: Balancer, container: str) -> tuple[str, ...]:
    """What the balancer calls a container, once for each of its routes: web/web-1."""
    return tuple(
        f"{route.name}/{backend.container}"
        for route in balancer.routes
        for backend in route.backends
        if backend.container == container
    )


def come(balancer: Balancer, container: str) -> str:
    """The shell command that ends once the balancer sends requests to the container."""
    names = servers(balancer, container)
    turn = f"docker exec {balancer.container.name} turn in {LOOK} {shlex.join(names)}"
    limit = LOOK * len(names) + MARGIN
    asked = f'saw=$(timeout {limit} {turn} 2>&1) || {{ echo "$saw" >&2; false; }}'
    return _until(asked, f"{balancer.container.name} does not send requests to {container}")


def go(balancer: Balancer, container: Container) -> str:
    """The shell command that takes the container out; a balancer that is gone sends it nothing."""
    names = servers(balancer, container.name)
    seconds = max(1, int(container.stop_grace_period))
    limit = seconds * len(names) + MARGIN
    turn = f"docker exec {balancer.container.name} turn out {seconds} {shlex.join(names)}"
    return f"timeout {limit} {turn} || true"


def well(container: Container) -> str:
    """The shell command that ends once Docker calls the container healthy, on its own guest."""
    inspect = "docker inspect --format '{{.State.Health.Status}}' " + container.name
    asked = f'saw=$(timeout {MARGIN} {inspect} 2>&1); [ "${{saw##*[!a-z]}}" = healthy ]'
    return _until(asked, f"{container.name} is not healthy")


def _until(command: str, otherwise: str) -> str:
    """Runs a command that leaves in $saw what it saw, until it holds."""
    return (
        f"end=$(($(date +%s) + {PATIENCE}))\n"
        f"until {command}; do\n"
        '  if [ "$(date +%s)" -ge "$end" ]; then\n'
        f'    echo "{otherwise} after {PATIENCE} s; the last try saw: ${{saw:-no answer}}" >&2\n'
        "    exit 1\n"
        "  fi\n"
        "  sleep 1\n"
        "done\n"
    )


class Chain(Generic[T]):
    """Who waits for whom: of what stands already, one after the other; what is new, for nobody.

    So a lab comes up with everything at once, and changes one by one.

    Args:
        standing: Names of the domains and containers that there are.
    """

    def __init__(self, standing: Iterable[str]) -> None:
        self._standing = frozenset(standing)
        self._turns: dict[str, list[T]] = defaultdict(list)

    def add(self, service: str, turns: Iterable[T]) -> None:
        """The turns of a service's next replica."""
        self._turns[service] += turns

    def before(self, container: Container) -> Sequence[T]:
        """What a replica waits for: its service's replicas before it."""
        return self._of([container.service]) if container.name in self._standing else []

    def before_guest(self, guest: Guest) -> Sequence[T]:
        """What a guest waits for: those on earlier guests that it holds a replica of, too."""
        services = dict.fromkeys(container.service for container in guest.containers)
        return self._of(services) if guest.domain in self._standing else []

    def _of(self, services: Iterable[str]) -> list[T]:
        return [turn for service in services for turn in self._turns[service]]
