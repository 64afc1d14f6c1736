"""The engine's operations as changes of layers: one for the host, for a guest, for a service."""

from collections.abc import Iterable, Mapping, Sequence

from isolab.architecture.change import Change, Kind
from isolab.cli import layers
from isolab.cli.layers import Layer
from isolab.plan.model import Plan
from machine.deployment.events import Step

_KINDS: Mapping[str, Kind] = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
}
_ORDER = ("host", "guest", "service")


def is_change(step: Step) -> bool:
    """Whether the engine would do something to a real thing."""
    return step.operation in _KINDS and layers.is_thing(step.urn)


def changes(steps: Sequence[Step], told: Iterable[Change], plan: Plan) -> tuple[Change, ...]:
    """What the engine would do, in the words of the plans' diff where that knows the reason.

    Args:
        steps: The engine's.
        told: What differs between the plans.
        plan: What is to be.
    """
    guests = [guest.name for guest in plan.guests]
    seen: dict[Layer, list[Step]] = {}
    for step in filter(is_change, steps):
        seen.setdefault(layers.layer(step.urn, step.parent, guests), []).append(step)
    known = {Layer(kind=c.layer, name="" if c.layer == "host" else c.name): c for c in told}
    followed = {effect.name for change in known.values() for effect in change.effects}
    found = [
        known.get(layer) or _change(layer, seen[layer])
        for layer in sorted(seen, key=lambda layer: (_ORDER.index(layer.kind), layer.name))
        if layer.kind != "lab" and (layer in known or not _follows(layer, followed, plan))
    ]
    return tuple(found)


def _follows(layer: Layer, followed: set[str], plan: Plan) -> bool:
    """Whether a service changes only because of what it stands on."""
    names = {c.name for c in plan.containers if layer == Layer(kind="service", name=c.service)}
    return bool(names) and names <= followed


def _change(layer: Layer, steps: Sequence[Step]) -> Change:
    kinds: set[Kind] = {_KINDS[step.operation] for step in steps}
    mixed: Kind = "replace" if "replace" in kinds else "update"
    reasons = (
        f"{layers.what(step.urn, step.parent)}: {', '.join(step.diffs)}"
        for step in steps
        if step.diffs
    )
    return Change(
        layer="host" if layer.kind == "lab" else layer.kind,
        name=layer.name or "host",
        change=kinds.pop() if len(kinds) == 1 else mixed,
        reasons=tuple(dict.fromkeys(reasons)),
    )
