"""Two drawings as one: what only the old one has is removed, what only the new one has is added."""

from collections.abc import Sequence
from dataclasses import replace

from isolab.draw.drawing import Action, Box, Line, Mark


def merged(old: Box, new: Box) -> Box:
    """The new box, with what the old one had besides."""
    return replace(new, boxes=_side_by_side(old.boxes, new.boxes))


def whole(box: Box, action: Action) -> Box:
    """The box and all in it, added or removed."""
    inside = tuple(whole(inner, action) for inner in box.boxes)
    return replace(box, boxes=inside, mark=Mark(action=action))


def merged_lines(old: Sequence[Line], new: Sequence[Line]) -> tuple[Line, ...]:
    """The lines of both, those of one alone marked."""
    before, after = ({_key(line) for line in lines} for lines in (old, new))
    return (
        *(line if _key(line) in before else replace(line, action="added") for line in new),
        *(replace(line, action="removed") for line in old if _key(line) not in after),
    )


def _side_by_side(old: tuple[Box, ...], new: tuple[Box, ...]) -> tuple[Box, ...]:
    """The new ones in their order, each removed one behind the box that it stood behind."""
    before = {box.id: box for box in old}
    after = {box.id for box in new}
    behind: dict[str, list[Box]] = {}
    last = ""
    for box in old:
        if box.id in after:
            last = box.id
        else:
            behind.setdefault(last, []).append(whole(box, "removed"))
    found = list(behind.get("", []))
    for box in new:
        found.append(merged(before[box.id], box) if box.id in before else whole(box, "added"))
        found += behind.get(box.id, [])
    return tuple(found)


def _key(line: Line) -> tuple[str, str, str]:
    return (line.source, line.target, line.kind)
