"""The engine's operations as changes of layers: one for the host, for a guest, for a service."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from isolab.cli.output import layers
from isolab.cli.output.layers import Layer
from isolab.diff.change import Change, Kind
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
_DECIDES = {"host": "libvirt:", "guest": "libvirt:", "service": "docker:index/container:"}
"""Whose operations are a layer's change; the layer's other resources follow from those."""


def is_change(step: Step) -> bool:
    """Whether the engine would do something to a real thing."""
    return (
        step.operation in _KINDS
        and layers.is_thing(step.urn)
        and not layers.is_rollout_step(step.urn)
    )


def changes(
    steps: Sequence[Step], told: Iterable[Change], old: Plan | None, new: Plan
) -> tuple[Change, ...]:
    """What the engine would do; reasons and effects from the plans' diff where that knows them.

    Args:
        steps: The engine's, also those that leave a resource as it is.
        told: What differs between the plans.
        old: What is deployed.
        new: What is to be.
    """
    seen = _by_layer(steps, old, new)
    known = {_layer_of(change): change for change in told}
    followed = {(e.layer, e.name) for change in known.values() for e in change.effects}
    found: list[Change] = []
    for layer in sorted(seen, key=lambda layer: (_ORDER.index(layer.kind), layer.name)):
        own = [step for step in seen[layer] if layers.is_thing(step.urn)]
        if not any(map(is_change, own)):
            continue
        if layer in known:
            found.append(replace(known[layer], change=_kind(layer, own)))
        elif not _follows(layer, own, followed, known.values(), (old, new)):
            found.append(_unexplained(layer, own))
    return tuple(found)


def resources(steps: Sequence[Step], old: Plan | None, new: Plan) -> tuple[Mapping[str, str], ...]:
    """What the engine would do to each resource, with the layer that it belongs to."""
    done: dict[str, Mapping[str, str]] = {}
    for layer, own in _by_layer(steps, old, new).items():
        for step in filter(is_change, own):
            what = layers.what(step.urn, step.parent)
            operation = "replace" if _KINDS[step.operation] == "replace" else step.operation
            done[step.urn] = {
                "layer": layer.kind,
                "name": layer.name or layer.kind,
                "what": what,
                "operation": operation,
            }
    return tuple(done.values())


def _by_layer(steps: Sequence[Step], old: Plan | None, new: Plan) -> Mapping[Layer, Sequence[Step]]:
    guests = sorted({guest.name for plan in (old, new) if plan for guest in plan.guests})
    seen: dict[Layer, list[Step]] = {}
    for step in steps:
        layer = layers.layer(step.urn, step.parent, guests)
        if layer.kind != "lab":
            seen.setdefault(layer, []).append(step)
    return seen


def _layer_of(change: Change) -> Layer:
    return Layer(kind=change.layer, name="" if change.layer == "host" else change.name)


def _kind(layer: Layer, steps: Sequence[Step]) -> Kind:
    """The operation on what makes the layer up; a mixture that keeps something is an update."""
    deciding = [s for s in steps if _own_type(s).startswith(_DECIDES[layer.kind])]
    operations = Counter(s.operation if s.operation == "same" else _KINDS.get(s.operation)
                         for s in deciding)  # fmt: skip
    kinds = set(operations) - {None}
    if "replace" in kinds or kinds == {"create", "delete"}:
        return "replace"
    for whole in ("create", "delete"):
        if kinds == {whole}:
            return whole
    return "update"


def _own_type(step: Step) -> str:
    return step.urn.split("::")[2].rsplit("$")[-1]


def _follows(
    layer: Layer,
    steps: Sequence[Step],
    followed: set[tuple[str, str]],
    known: Iterable[Change],
    plans: tuple[Plan | None, ...],
) -> bool:
    """Whether a layer changes only because of another one that is told."""
    if layer.kind == "service":
        names = {
            c.name
            for plan in plans
            if plan
            for c in (*plan.containers, *plan.host_containers)
            if c.service == layer.name
        }
        return bool(names) and all(("container", name) in followed for name in names)
    if layer.kind == "guest":
        # Networks and volumes in its Docker come and go with the services that use them.
        # Its packet filter follows services and guests anywhere in the lab.
        changed = [step for step in steps if is_change(step) and not _is_filter(step)]
        inside = all(_own_type(step).startswith("docker:") for step in changed)
        if not changed and known:
            return True
        services = any(change.layer == "service" for change in known)
        return ("guest", layer.name) in followed or (inside and services)
    # The lab network tells libvirt which ports services and balancers on the host have.
    changed = [step for step in steps if is_change(step)]
    opened = all(_is_network(step) and step.operation == "update" for step in changed)
    return opened and any(change.layer == "service" for change in known)


def _is_network(step: Step) -> bool:
    return layers.what(step.urn, step.parent) == "network"


def _is_filter(step: Step) -> bool:
    return layers.what(step.urn, step.parent) == "firewall"


def _unexplained(layer: Layer, steps: Sequence[Step]) -> Change:
    """What the engine changes and the plans do not know of: drift, or a changed isolab."""
    reasons = (
        f"{layers.what(step.urn, step.parent)}: {', '.join(step.diffs)}"
        for step in steps
        if step.diffs
    )
    return Change(
        layer="host" if layer.kind == "lab" else layer.kind,
        name=layer.name or "host",
        change=_kind(layer, steps),
        reasons=tuple(dict.fromkeys(reasons)),
    )
