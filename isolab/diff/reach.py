"""Who is away while a change is made, and who cannot work meanwhile because of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from isolab.diff import actions, reassignment, rolling
from isolab.diff.actions import Verdict
from isolab.diff.change import Effect
from isolab.diff.transition import ContainerTransition, Transition
from isolab.plan.model import Balancer, Container, Guest

AWAY = frozenset({"delete", "move", "recreate", "restart", "lie"})
"""Actions of containers that answer nobody for a while, or never again."""


class Reach:
    """Everything that is away at some moment of one up, which makes its changes at once."""

    def __init__(self, transition: Transition) -> None:
        self.transition = transition
        self.actions: Mapping[str, Verdict] = {
            name: actions.container_action(transition, container)
            for name, container in transition.containers.items()
        }
        self._before: Mapping[str, Container] = {
            name: c.old for name, c in transition.containers.items() if c.old
        }
        self._at: Mapping[str, Guest] = transition.old.at if transition.old else {}
        self._needs = {c.name: tuple(self._needed(c)) for c in self._before.values()}
        self._callers: dict[str, set[str]] = defaultdict(set)
        for caller, needs in self._needs.items():
            for answers in needs:
                for name in answers:
                    self._callers[name].add(caller)
        self._followers: dict[str, list[str]] = defaultdict(list)
        for name, container in transition.containers.items():
            for other in actions.follows(transition, container, self.actions[name]):
                self._followers[other].append(name)
        self.away = frozenset(n for n in self._before if self.actions[n][0] in AWAY)
        self._replicas: dict[str, list[str]] = defaultdict(list)
        for container in self._before.values():
            self._replicas[container.service].append(container.name)
        self._lefts: dict[str, int] = {}
        self.on_guest: dict[str, list[ContainerTransition]] = defaultdict(list)
        """The containers that were on each guest."""
        for name, container in self._before.items():
            self.on_guest[container.guest].append(transition.containers[name])
        self._one_by_one = {
            service: rolling.is_rolled(transition, names)
            and not (transition.subnet or transition.elsewhere)
            for service, names in self._replicas.items()
        }
        self.out = self._out()
        self.holders = frozenset(
            c.name for c in reassignment.holders(transition.old, transition.new).values()
        )
        """Those that go before others are made, which get a port or an address of theirs."""

    def followed(self, struck: Iterable[ContainerTransition]) -> tuple[ContainerTransition, ...]:
        """These, and those that are recreated for no other reason than that these are."""
        found = {container.name: container for container in struck}
        waiting = list(found)
        while waiting:
            for name in self._followers[waiting.pop()]:
                if name not in found:
                    found[name] = self.transition.containers[name]
                    waiting.append(name)
        return tuple(found.values())

    def services(self, struck: Iterable[str]) -> Iterator[Effect]:
        """What becomes of services that lose replicas, and of those that depend on them."""
        first = frozenset(struck) & self.away
        reached = self._reached(first)
        services = dict.fromkeys(self._before[name].service for name in (*first, *sorted(reached)))
        own = {self._before[name].service for name in first}
        for service in sorted(services):
            yield self._service(service, "" if service in own else self._on_whom(service, reached))
        yield from self._balancers(first | reached)

    def _service(self, service: str, on_whom: str) -> Effect:
        left = self._left(service)
        because = f"it depends on {on_whom}" if on_whom else "no replica runs meanwhile"
        return Effect(
            layer="service",
            name=service,
            effect="degraded" if left else "unavailable",
            because=because,
            left=left,
            of=len(self._replicas[service]),
        )

    def _balancers(self, out: frozenset[str]) -> Iterator[Effect]:
        """Source: a balancer sends requests to the backends that pass its check, to no others."""
        for balancer in self.transition.old.balancers if self.transition.old else ():
            backends = backends_of(balancer)
            if not backends & out:
                continue
            services = {self._before[name].service for name in backends if name in self._before}
            left = min(len(backends), sum(map(self._left, services)))
            yield Effect(
                layer="service",
                name=balancer.name,
                effect="degraded" if left else "unavailable",
                because="no backend runs meanwhile",
                left=left,
                of=len(backends),
            )

    def _left(self, service: str) -> int:
        """How many replicas of a service go on at the worst moment."""
        if service not in self._lefts:
            names = self._replicas[service]
            stuck = sum(name in self.out and name not in self.away for name in names)
            gone = frozenset(name for name in names if self.actions[name][0] == "delete")
            away = rolling.at_once(self.transition, self.away, gone, names)
            self._lefts[service] = max(0, len(names) - away - stuck)
        return self._lefts[service]

    def _nobody(self, names: Sequence[str], out: Set[str]) -> bool:
        """Whether none of these replicas of one service answers at the worst moment."""
        if len(names) > 1 and self._one_by_one[self._before[names[0]].service]:
            return all(name in out and self.actions[name][0] == "delete" for name in names)
        return all(name in out for name in names)

    def _needed(self, container: Container) -> Iterator[tuple[str, ...]]:
        """For each service that a container depends on, the replicas that answer it.

        Source: the lab file's depends_on, and the plan's links, whose host entries lead to one
        guest each (isolab/plan/network/links.py).
        """
        waits: dict[str, list[str]] = defaultdict(list)
        for name, _ in container.depends_on:
            if name in self._before:
                waits[self._before[name].service].append(name)
        for service, name in self._linked(container):
            waits[service] = [name]
        yield from (tuple(names) for names in waits.values())

    def _linked(self, container: Container) -> Iterator[tuple[str, str]]:
        for host, address in container.hosts:
            guest = self._at.get(address)
            for callee in guest.containers if guest else ():
                if callee.ports and host in callee.called:
                    yield callee.service, callee.name

    def _out(self) -> frozenset[str]:
        """Who is away, and who has nobody left to ask of something that it depends on."""
        out = set(self.away)
        waiting = list(out)
        while waiting:
            for caller in self._callers.get(waiting.pop(), ()):
                stuck = any(self._nobody(names, out) for names in self._needs[caller])
                if stuck and caller not in out:
                    out.add(caller)
                    waiting.append(caller)
        return frozenset(out)

    def _reached(self, first: frozenset[str]) -> frozenset[str]:
        """Who is out because of these, near or far."""
        reached: set[str] = set()
        waiting = list(first)
        while waiting:
            for caller in self._callers.get(waiting.pop(), ()):
                if caller in self.out and caller not in self.away and caller not in reached:
                    reached.add(caller)
                    waiting.append(caller)
        return frozenset(reached)

    def _on_whom(self, service: str, reached: frozenset[str]) -> str:
        needs = {
            self._before[name].service
            for caller in self._replicas[service]
            if caller in reached
            for names in self._needs[caller]
            if self._nobody(names, self.out)
            for name in names
        }
        return ", ".join(sorted(needs))


def backends_of(balancer: Balancer) -> frozenset[str]:
    """The containers that a balancer sends requests to."""
    return frozenset(b.container for route in balancer.routes for b in route.backends)
