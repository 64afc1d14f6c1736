"""From plans to a drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from isolab.diff.change import Change
from isolab.draw.drawing import Box, Drawing, Line, State
from isolab.draw.layers import host_box, outside_box
from isolab.draw.lines import lines
from isolab.draw.marks import marked, told
from isolab.draw.merge import merged, merged_lines, whole
from isolab.draw.words import plain
from isolab.plan.model import Plan


def drawing_of(
    plan: Plan,
    *,
    focus: frozenset[str] = frozenset(),
    states: Mapping[tuple[str, str], State] | None = None,
) -> Drawing:
    """A lab as it is planned.

    Args:
        plan: What to draw.
        focus: Names of guests, containers, services, networks, volumes to highlight.
        states: What is known of boxes at this moment, by kind and name.
    """
    drawn = _drawing(plan, host_box(plan), lines(plan))
    return _with(drawn, focus, states)


def drawing_of_changes(
    old: Plan | None,
    new: Plan | None,
    changes: Sequence[Change],
    *,
    focus: frozenset[str] = frozenset(),
    states: Mapping[tuple[str, str], State] | None = None,
) -> Drawing:
    """A lab with what becomes of it; one of the plans must be there.

    Args:
        old: What is deployed.
        new: What will be.
        changes: The difference, as isolab.diff.compare finds it.
        focus: As for drawing_of.
        states: As for drawing_of.
    """
    plan = new or old
    if plan is None:
        raise ValueError("neither an old nor a new plan to draw")
    if old and new:
        host = merged(host_box(old), host_box(new))
        joined = merged_lines(lines(old), lines(new))
    else:
        host = whole(host_box(plan), "added" if new else "removed")
        joined = lines(plan)
    drawn = replace(
        _drawing(plan, marked(host, changes), joined),
        changes=tuple(told(changes)),
        shows_changes=True,
    )
    return _with(drawn, focus, states)


def _drawing(plan: Plan, host: Box, found: Sequence[Line]) -> Drawing:
    outside = outside_box(plan)
    known = {box.id for box in host.walk()} | {outside.id}
    return Drawing(
        title=plan.name if plan.name == plan.stack else f"{plan.name}, stack {plan.stack}",
        description=plan.description,
        outside=outside,
        host=host,
        lines=tuple(dict.fromkeys(line for line in found if {line.source, line.target} <= known)),
    )


def _with(
    drawing: Drawing,
    focus: frozenset[str],
    states: Mapping[tuple[str, str], State] | None,
) -> Drawing:
    """The drawing with its highlights and states, in words that are safe to print."""
    known = states or {}

    def dressed(box: Box) -> Box:
        return replace(
            box,
            id=plain(box.id),
            name=plain(box.name),
            facts=tuple(map(plain, box.facts)),
            details=tuple((label, plain(value)) for label, value in box.details),
            mark=box.mark and replace(box.mark, words=tuple(map(plain, box.mark.words))),
            boxes=tuple(map(dressed, box.boxes)),
            state=known.get((box.kind, box.name)),
            focus=box.name in focus or bool(box.service and box.service in focus),
        )

    return replace(
        drawing,
        title=plain(drawing.title),
        description=plain(drawing.description),
        outside=dressed(drawing.outside),
        host=dressed(drawing.host),
        lines=tuple(map(_plain, drawing.lines)),
        changes=tuple(map(plain, drawing.changes)),
        shows_states=states is not None,
    )


def _plain(line: Line) -> Line:
    source, target, label = map(plain, (line.source, line.target, line.label))
    return replace(line, source=source, target=target, label=label)
