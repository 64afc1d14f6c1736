"""Lines between guests, bundled to lanes along the lab network, and flags of open ports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from isolab.draw import look
from isolab.draw.drawing import Action, Line, LineKind, Say
from isolab.draw.svgparts import Rect, dot, line, measured, number, plate, rect, text
from isolab.draw.svgparts import tip as arrow_tip

APART = 20.0
"""Pixels between two lanes."""
_FIRST, _NEXT = 70.0, 13.0
"""Where on a container's upper edge lines arrive: behind its flag."""
_ACTIONS: dict[Action | None, str] = {"removed": " gone", "added": " come"}


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """Where a lane touches a box."""

    box: str
    tip: bool
    """Whether the line leads there."""
    action: Action | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """All lines to one callee, from one balancer, or between the members of one cluster."""

    kind: LineKind
    label: str
    ends: tuple[End, ...]


def lanes(lines: Sequence[Line], names: Mapping[str, str], say: Say) -> tuple[Lane, ...]:
    """The lanes of a drawing."""
    bundles: dict[tuple[LineKind, str, str], list[Line]] = {}
    for tie in lines:
        if tie.kind == "link":
            bundles.setdefault(("link", tie.target, tie.label), []).append(tie)
        elif tie.kind == "route":
            bundles.setdefault(("route", tie.source, ""), []).append(tie)
        elif tie.kind == "cluster":
            bundles.setdefault(("cluster", "", tie.label), []).append(tie)
    return tuple(_lane(kind, one, found, names, say) for (kind, one, _), found in bundles.items())


def _lane(
    kind: LineKind, one: str, found: Sequence[Line], names: Mapping[str, str], say: Say
) -> Lane:
    actions = {tie.action for tie in found}
    whole = found[0].action if len(actions) == 1 else None
    sign = f"{look.SIGNS[whole]} " if whole else ""
    if kind == "link":
        ends = [End(box=one, tip=True, action=whole)]
        ends += [End(box=tie.source, tip=False, action=tie.action) for tie in found]
        label = f"{say('to')} {names[one]}{found[0].label}"
    elif kind == "route":
        ends = [End(box=one, tip=False, action=whole)]
        ends += [End(box=tie.target, tip=True, action=tie.action) for tie in found]
        label = f"{say('from')} {names[one]}"
    else:
        members = dict.fromkeys(box for tie in found for box in (tie.source, tie.target))
        ends = [End(box=box, tip=False, action=whole) for box in members]
        label = f"{say('cluster')}, {found[0].label}"
    return Lane(kind=kind, label=f"{sign}{label}", ends=tuple(ends))


class Edges:
    """Gives each line a place of its own on the upper edge of its box."""

    def __init__(self, places: Mapping[str, Rect]) -> None:
        self._places = places
        self._taken: dict[str, int] = {}

    def next(self, box: str) -> float:
        """The next free place, from the left."""
        taken = self._taken[box] = self._taken.get(box, -1) + 1
        place = self._places[box]
        room = max(1, int((place.width - _FIRST - 8) / _NEXT))
        return place.x + _FIRST + _NEXT * (taken % room)


def drawn(
    lane: Lane,
    places: Mapping[str, Rect],
    height: Callable[[str], float],
    edges: Edges,
    trunk: float,
) -> tuple[str, str]:
    """One lane: its lines, and its label, which stands above the lines of all lanes.

    Args:
        lane: What to draw.
        places: Where the boxes are.
        height: The lane's y above a box: each row of guests has lanes of its own.
        edges: Gives the x of each line.
        trunk: The x on which the lane's rows are tied together, at the right.
    """
    rows: dict[float, list[float]] = {}
    stubs = ""
    for end in lane.ends:
        y, x, place = height(end.box), edges.next(end.box), places[end.box]
        # What stands on the host itself is above the lanes.
        touch = place.y if place.y > y else place.y + place.height
        action = _ACTIONS.get(end.action, "")
        stubs += line(((x, y), (x, touch - (8 if end.tip else 0))), f"{lane.kind}{action}")
        stubs += arrow_tip(x, touch, lane.kind) if end.tip else dot(x, y, f"joint {lane.kind}")
        rows.setdefault(y, []).append(x)
    several = len(rows) > 1
    action = _ACTIONS.get(lane.ends[0].action, "")
    along = "".join(
        line(((min(found), y), (max([*found, trunk] if several else found), y)),
             f"{lane.kind}{action}")
        for y, found in rows.items()
    )  # fmt: skip
    if several:
        along += line(((trunk, min(rows)), (trunk, max(rows))), f"{lane.kind}{action}")
    first = min(rows)
    return along + stubs, plate(min(rows[first]) + 12, first, lane.label)


def flags(lines: Sequence[Line], places: Mapping[str, Rect]) -> str:
    """Ports that are open to the outside: on the upper edge of whom they lead to."""
    drawn = ""
    room: dict[str, float] = {}
    for tie in lines:
        if tie.kind != "entry" or tie.target not in places:
            continue
        place = places[tie.target]
        label = f"{look.SIGNS[tie.action]} {tie.label}" if tie.action else tie.label
        width = measured(label, 11) + 14
        left = place.x + 8 + room.get(tie.target, 0.0)
        if left + width > place.x + place.width:
            continue
        room[tie.target] = room.get(tie.target, 0.0) + width + 4
        x = left + width / 2
        drawn += rect(left, place.y - 28, width, 18, "plate entry-plate", 9)
        drawn += text(left + 7, place.y - 15, label, "label")
        drawn += f'<path class="tip entry" d="M {number(x)} {number(place.y)} l -5 -9 h 10 Z"/>'
    return drawn
