"""Changes of the balancers, each with its container."""

from collections.abc import Iterator, Mapping
from dataclasses import fields

from isolab.diff import facts
from isolab.diff.change import Change, Effect
from isolab.diff.facts import PlanFacts
from isolab.diff.transition import Transition
from isolab.plan.model import Balancer, Route

IRRELEVANT: Mapping[str, str] = {
    "name": "what is compared has one name",
    "container": "told field by field",
    "address": "follows from the subnet, told by the host's change",
    "routes": "told in words of their own",
}


def balancer_changes(transition: Transition) -> Iterator[Change]:
    """Each balancer that comes, goes, or is not what it was."""
    before = {b.name: b for b in transition.old.balancers} if transition.old else {}
    after = {b.name: b for b in transition.new.balancers} if transition.new else {}
    for name in sorted(before.keys() | after.keys()):
        was, is_ = before.get(name), after.get(name)
        if was is None:
            yield Change(layer="service", name=name, change="create", reasons=())
        elif is_ is None:
            gone = tuple(_behind(was, "its balancer is removed"))
            yield Change(layer="service", name=name, change="delete", reasons=(), effects=gone)
        elif transition.old and transition.new:
            yield from _changed(was, is_, PlanFacts(transition.old), PlanFacts(transition.new))


def _changed(was: Balancer, is_: Balancer, old: PlanFacts, new: PlanFacts) -> Iterator[Change]:
    parts = dict(facts.differences(old.facts(was.container), new.facts(is_.container)))
    remade = parts.keys() - facts.IN_PLACE
    reasons = (*_reasons(was, is_), *parts.values())
    if not reasons:
        return
    container = Effect(
        layer="container",
        name=was.container.name,
        effect="recreate" if remade else "none",
        because="Docker changes it only by recreation" if remade else "it loads its new settings",
    )
    behind = tuple(_behind(was, "its balancer is recreated")) if remade else ()
    yield Change(
        layer="service",
        name=is_.name,
        change="replace" if remade else "update",
        reasons=tuple(dict.fromkeys(reasons)),
        effects=(container, *behind),
    )


def _reasons(was: Balancer, is_: Balancer) -> Iterator[str]:
    for field in fields(Balancer):
        before, after = getattr(was, field.name), getattr(is_, field.name)
        if field.name not in IRRELEVANT and before != after:
            words = f"{facts.said(before)} -> {facts.said(after)}"
            yield f"{field.name.replace('_', ' ')} {words}"
    routes = [{f"{r.path} {r.service}".strip(): r for r in b.routes} for b in (was, is_)]
    for name in sorted(routes[0].keys() | routes[1].keys()):
        before, after = routes[0].get(name), routes[1].get(name)
        if before is None or after is None:
            yield f"route {name} {'added' if after else 'removed'}"
            continue
        for field in fields(Route):
            was_, is__ = getattr(before, field.name), getattr(after, field.name)
            if field.name != "backends" and was_ != is__:
                yield f"route {name}: {field.name} {facts.said(was_)} -> {facts.said(is__)}"
        count = [len(route.backends) for route in (before, after)]
        names = [{b.container for b in route.backends} for route in (before, after)]
        if names[0] != names[1]:
            yield f"route {name}: backends {count[0]} -> {count[1]}"


def _behind(balancer: Balancer, because: str) -> Iterator[Effect]:
    """Source: clients reach a balanced service by the balancer's address, which nobody answers."""
    for service in sorted({route.service for route in balancer.routes}):
        yield Effect(layer="service", name=service, effect="unavailable", because=because)
