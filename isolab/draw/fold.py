"""Many boxes that are alike as one: 200 guests stay readable."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from isolab.draw.drawing import Box, Drawing, Line

MOST = 3
"""Boxes of one likeness that are drawn one by one."""


def folded(drawing: Drawing, most: int = MOST) -> Drawing:
    """The drawing with one box in the place of more than `most` that are alike."""
    host = fold(drawing.host, most)
    return replace(drawing, host=host, lines=tuple(_lines(drawing, host)))


def fold(box: Box, most: int) -> Box:
    """The box with what is alike in it folded."""
    inner = tuple(fold(each, most) for each in box.boxes)
    return replace(box, boxes=tuple(_folded(inner, most)))


def _folded(boxes: tuple[Box, ...], most: int) -> Iterator[Box]:
    for key, run in groupby(boxes, key=_key):
        alike = tuple(run)
        if key[0] and len(alike) > most:
            yield replace(alike[0], alike=alike[1:])
        else:
            yield from alike


def _key(box: Box) -> tuple[object, ...]:
    """What has to be the same; a highlighted box stands for itself."""
    inside = tuple(map(_key, box.boxes))
    return (box.likeness, len(box.alike), box.focus and box.id, box.mark, box.state, inside)


def _lines(drawing: Drawing, host: Box) -> Iterator[Line]:
    """Lines between the boxes that are left, equal ones counted."""
    places = _places(host)
    counts: dict[Line, int] = {}
    for line in drawing.lines:
        source = places.get(line.source, line.source)
        target = places.get(line.target, line.target)
        if source != target:
            line = replace(line, source=source, target=target)
            counts[line] = counts.get(line, 0) + 1
    return (replace(line, count=count) for line, count in counts.items())


def _places(host: Box) -> dict[str, str]:
    """Each box to the one that stands for it."""
    places: dict[str, str] = {}

    def put(box: Box, place: Box) -> None:
        places[box.id] = place.id
        for inner, its_place in zip(box.boxes, place.boxes, strict=True):
            put(inner, its_place)
        for twin in box.alike:
            put(twin, place)

    put(host, host)
    return places
