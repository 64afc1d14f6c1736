"""Rolling update: replicas go one by one, out of their balancers first and in again when healthy.

A replica's step is a command beside its container. Whatever replaces the container, or the guest
below it, deletes the command first (requests go elsewhere, those in flight end) and creates it
again behind it (requests again, once the balancer has seen it healthy). The next replica waits for
that.
"""

import shlex
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from isolab.plan.model import Balancer, Container, Guest

T = TypeVar("T")

TIMEOUT = 240
"""Seconds that a replica has to become healthy: an emulated guest may have to boot before."""
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


def join(balancer: Balancer, container: str) -> str:
    """The shell command that ends once the balancer sends requests to the container."""
    names = servers(balancer, container)
    words = f"docker exec {balancer.container.name} turn in {LOOK} {shlex.join(names)}"
    limit = LOOK * len(names) + MARGIN
    asked = f'saw=$(timeout {limit} {words} 2>&1) || {{ echo "$saw" >&2; false; }}'
    return _until(asked, f"{balancer.container.name} does not send requests to {container}")


def drain(balancer: Balancer, container: Container) -> str:
    """The shell command that takes the container out; a balancer that is gone sends it nothing."""
    names = servers(balancer, container.name)
    seconds = max(1, int(container.stop_grace_period))
    limit = seconds * len(names) + MARGIN
    words = f"docker exec {balancer.container.name} turn out {seconds} {shlex.join(names)}"
    return f"timeout {limit} {words} || true"


def wait_healthy(container: Container) -> str:
    """The shell command that ends once Docker calls the container healthy, on its own guest."""
    inspect = "docker inspect --format '{{.State.Health.Status}}' " + container.name
    asked = f'saw=$(timeout {MARGIN} {inspect} 2>&1); [ "${{saw##*[!a-z]}}" = healthy ]'
    return _until(asked, f"{container.name} is not healthy")


def _until(command: str, otherwise: str) -> str:
    """Runs a command that leaves in $saw what it saw, until it holds."""
    return (
        f"end=$(($(date +%s) + {TIMEOUT}))\n"
        f"until {command}; do\n"
        '  if [ "$(date +%s)" -ge "$end" ]; then\n'
        f'    echo "{otherwise} after {TIMEOUT} s; the last try saw: ${{saw:-no answer}}" >&2\n'
        "    exit 1\n"
        "  fi\n"
        "  sleep 1\n"
        "done\n"
    )


class Chain(Generic[T]):
    """Who waits for whom: of what stands already, one after the other; what is new, for nobody.

    So a lab comes up with everything at once, and changes one by one. A replica that waits itself
    stands for all before it, so that what is waited for does not grow with the lab.

    Args:
        standing: Names of the domains and containers that there are.
    """

    def __init__(self, standing: Iterable[str]) -> None:
        self._standing = frozenset(standing)
        self._steps: dict[str, list[T]] = defaultdict(list)

    def add(self, container: Container, steps: Iterable[T]) -> None:
        """The steps of a service's next replica."""
        own, before = list(steps), self._steps[container.service]
        waits_itself = own and container.name in self._standing
        self._steps[container.service] = own if waits_itself else [*before, *own]

    def before(self, container: Container) -> Sequence[T]:
        """What a replica waits for, so that its service's replicas before it are through."""
        return self._of([container.service]) if container.name in self._standing else []

    def before_guest(self, guest: Guest) -> Sequence[T]:
        """What a guest waits for: those on earlier guests that it holds a replica of, too."""
        services = dict.fromkeys(container.service for container in guest.containers)
        return self._of(services) if guest.domain in self._standing else []

    def _of(self, services: Iterable[str]) -> list[T]:
        return [step for service in services for step in self._steps[service]]
