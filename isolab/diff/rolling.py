"""Replicas that go one by one: how many of them are away at one time."""

from collections import Counter
from collections.abc import Iterable

from isolab.diff.transition import Transition
from isolab.plan.model import Container


def at_once(
    transition: Transition, away: frozenset[str], for_good: frozenset[str], names: Iterable[str]
) -> int:
    """How many of a service's replicas are away at the worst moment.

    Source: isolab/plan/rollout.py and components/balancer.py, a replica waits for those
    before it, where it has a balancer, or fellows and a healthcheck; what goes for good goes
    together, and so does everything with the lab network.
    """
    names = tuple(names)
    struck = [name for name in names if name in away]
    if transition.subnet or transition.elsewhere or not is_rolled(transition, names):
        return len(struck)
    staying = [name for name in struck if name not in for_good]
    return len(struck) - len(staying) + max(_together(transition, staying), default=0)


def is_rolled(transition: Transition, names: Iterable[str]) -> bool:
    """Whether a service's replicas wait for each other."""
    containers = [transition.containers[name].new for name in names]
    found = [container for container in containers if container]
    balanced = {
        backend.container
        for balancer in (transition.new.balancers if transition.new else ())
        for route in balancer.routes
        for backend in route.backends
    }
    return len(found) > 1 and all(c.name in balanced or _is_checked(c) for c in found)


def _is_checked(container: Container) -> bool:
    return container.healthcheck is not None and container.healthcheck.test != ("NONE",)


def _together(transition: Transition, names: Iterable[str]) -> Iterable[int]:
    """Groups that go together: all on a guest that is switched off, else each for itself."""
    switched_off: Counter[str] = Counter()
    for name in names:
        guest = transition.guest_of(transition.containers[name])
        if guest and guest.reboots:
            switched_off[guest.name] += 1
        else:
            yield 1
    yield from switched_off.values()
