"""Boxes of the SVG: containers in rows, the networks below them, disks, guests."""

from collections.abc import Iterator, Sequence
from html import escape

from isolab.draw import look
from isolab.draw.drawing import Box, Line
from isolab.draw.rails import stubs_by_network
from isolab.draw.svgparts import (
    LINE,
    Piece,
    Rect,
    as_wide_as,
    badge,
    dot,
    line,
    measured,
    plate,
    rect,
    text,
    title,
    wrapped,
)

PAD = 14.0
GAP = 16.0
FLAG = 32.0
"""Room for the flags of open ports above containers."""
_NARROWEST, _WIDEST = 150.0, 240.0
_STUB, _STUBS_APART, _RAIL = 18.0, 18.0, 24.0
CONTAINERS = ("container", "balancer", "registry")


def classes(box: Box) -> str:
    """The style classes of a box: kind, action, damage."""
    mark = box.mark
    parts = (
        "box",
        box.kind.replace(" ", "-"),
        (mark.action or "") if mark else "",
        "suffers" if mark and mark.damage and not mark.action else "",
    )
    return " ".join(part for part in parts if part)


def remarks(box: Box) -> Iterator[tuple[str, str]]:
    """Style and words of what is said of a box's state and of its change."""
    if box.state:
        yield box.state.health, f"{look.HEALTH[box.state.health]} {box.state.words}"
    if box.mark:
        rest = len(box.mark.words) - 3
        more = (f"and {rest} more",) if rest > 0 else ()
        yield from (("label", words) for words in (*box.mark.words[:3], *more))


def badges(box: Box, right: float, y: float) -> str:
    """What a change does, as plates on the upper edge, from the right; a loss is the loudest."""
    drawn = ""
    mark = box.mark
    words = (
        ("lost", f"! {look.LOST}") if mark and mark.lost else None,
        (mark.action, f"{look.SIGNS[mark.action]} {mark.action}") if mark and mark.action else None,
    )
    for style, label in filter(None, words):
        drawn += badge(right, y, label, style)
        right -= measured(label, 11) * 1.08 + 20
    return drawn


def grouped(box: Box, inside: str) -> str:
    """The parts of a box as one element that tells what it is."""
    return f'<g class="{classes(box)}" data-box="{escape(box.id)}">{inside}</g>'


def edge(box: Box, width: float, height: float) -> str:
    """The outline: several on each other where it stands for several, a hatch where it suffers."""
    behind = "".join(
        rect(shift, -shift, width, height, "edge behind") for shift in (8, 4) if box.alike
    )
    shade = ""
    if box.mark and box.mark.damage and box.kind != "guest":
        shade = rect(1, 1, width - 2, height - 2, "shade", 6)
    ring = rect(-5, -5, width + 10, height + 10, "ring", 11) if box.focus else ""
    return behind + rect(0, 0, width, height, "edge") + shade + ring


def container(box: Box, height: float = 0) -> Piece:
    """A container, a balancer or the registry."""
    heading = look.heading(box).removeprefix(look.sign(box))
    said = tuple(remarks(box))
    plates = 26 + sum(
        measured(words, 11) for words in ((box.mark.action or "") if box.mark else "",
                                          look.LOST if box.mark and box.mark.lost else "")
    )  # fmt: skip
    everything = (("soft", "x"), *(("soft", fact) for fact in box.facts), *said)
    inner = max(measured(words, as_wide_as(style)) for style, words in everything)
    width = max(_NARROWEST, min(inner + 2 * PAD, _WIDEST), measured(heading, 14) + 2 * PAD)
    width = max(width, plates + 2 * PAD if plates > 26 else 0)
    lines = [("soft", part) for fact in box.facts for part in wrapped(fact, width - 2 * PAD)]
    lines += [
        (style, part)
        for style, words in said
        for part in wrapped(words, width - 2 * PAD, as_wide_as(style))
    ]
    height = max(height, 34 + LINE * len(lines) + (6 if box.mark else 0))
    drawn = edge(box, width, height) + text(PAD, 22, heading, "name")
    for row, (style, words) in enumerate(lines):
        drawn += text(PAD, 40 + LINE * row, words, style)
    drawn += badges(box, width - 8, height - 9)
    here = Rect(x=0, y=0, width=width, height=height)
    return Piece(width=width, height=height, svg=grouped(box, drawn), places=((box.id, here),))


def rows(boxes: Sequence[Box], width: float) -> Iterator[tuple[Box, ...]]:
    """Boxes, as many in a row as there is room for."""
    row: list[Box] = []
    taken = 0.0
    for box in boxes:
        needed = container(box).width + GAP
        if row and taken + needed - GAP > width:
            yield tuple(row)
            row, taken = [], 0
        row.append(box)
        taken += needed
    if row:
        yield tuple(row)


def row(boxes: Sequence[Box], networks: Sequence[Box], lines: Sequence[Line]) -> Piece:
    """Containers beside each other, equally tall, over the networks that they are on."""
    tallest = max(container(box).height for box in boxes)
    pieces: list[Piece] = []
    left = 0.0
    for box in boxes:
        pieces.append(container(box, tallest).at(left, 0))
        left += pieces[-1].width + GAP
    places = tuple(place for piece in pieces for place in piece.places)
    starts = {box: place.x for box, place in places}
    found = stubs_by_network(starts, networks, lines, _STUB, _STUBS_APART)
    drawn, width, low = _railed(found, tallest, left - GAP)
    return Piece(
        width=width,
        height=tallest + low,
        svg=drawn + "".join(piece.svg for piece in pieces),
        places=places,
    )


def _railed(
    rails: Sequence[tuple[Box, list[float]]], top: float, width: float
) -> tuple[str, float, float]:
    """The rails, how wide the row is with their labels, and how tall they are."""
    drawn = ""
    for index, (network, stubs) in enumerate(rails):
        y = top + 20 + _RAIL * index
        closed = " closed" if network.kind == "internal" else ""
        label = f"{look.sign(network)}{network.name}"
        if closed:
            label += f", {network.say('internal')}"
        end = max(stubs) + 16
        wires = line(((min(stubs), y), (end, y)), f"wire{closed}")
        wires += "".join(line(((x, top), (x, y)), f"wire{closed}") for x in stubs)
        wires += "".join(dot(x, y, f"dot{closed}") for x in stubs)
        wires += plate(end, y, label)
        drawn = grouped(network, wires) + drawn
        width = max(width, end + measured(label, 11) + 14)
    return drawn, width, 20 + _RAIL * len(rails) - 6 if rails else 0.0


def disk(box: Box, guest: Box, lines: Sequence[Line], width: float) -> Piece:
    """A disk with its volumes, each with who keeps what there."""
    names = {inner.id: inner.title for inner in guest.walk()}
    words = f"{box.name} {', '.join(box.facts)}"
    inner = width - 2 * PAD
    drawn, y = "", 40.0
    widest = measured(words) + 2 * PAD
    for volume in box.boxes:
        users = [
            f"{names.get(x.source, '')} {box.say('at')} {x.label}"
            for x in lines
            if x.target == volume.id
        ]
        style = "down" if volume.mark and volume.mark.lost else "soft"
        told = f"{look.volume(volume)}: {', '.join(users) or box.say('unused')}"
        for part in wrapped(told, inner, as_wide_as(style)):
            drawn += text(PAD, y, part, style)
            widest = max(widest, measured(part, as_wide_as(style)) + 2 * PAD)
            y += LINE
    for style, remark in remarks(box):
        drawn += text(PAD, y, remark, style)
        y += LINE
    width, height = min(width, widest + (70 if box.mark else 0)), y - 10
    drawn = edge(box, width, height) + text(PAD, 22, words) + drawn + badges(box, width - 8, -9)
    return Piece(width=width, height=height, svg=grouped(box, drawn))


def stacked(pieces: Sequence[Piece], gap: float = GAP) -> Piece:
    """Pieces below each other."""
    drawn, places, y = "", list[tuple[str, Rect]](), 0.0
    for piece in pieces:
        moved = piece.at(0, y)
        drawn += moved.svg
        places += moved.places
        y += piece.height + gap
    width = max((piece.width for piece in pieces), default=0)
    return Piece(width=width, height=max(0, y - gap), svg=drawn, places=tuple(places))


def beside(pieces: Sequence[Piece], width: float, gap: float = GAP) -> Piece:
    """Pieces beside each other, in further rows where the width ends."""
    lines: list[list[Piece]] = [[]]
    taken = 0.0
    for piece in pieces:
        if lines[-1] and taken + piece.width > width:
            lines.append([])
            taken = 0
        lines[-1].append(piece.at(taken, 0))
        taken += piece.width + gap
    joined = [
        Piece(
            width=sum(p.width + gap for p in row) - gap,
            height=max(p.height for p in row),
            svg="".join(p.svg for p in row),
            places=tuple(place for p in row for place in p.places),
        )
        for row in lines
        if row
    ]  # fmt: skip
    return stacked(joined, gap + 6)


def inside(guest: Box, lines: Sequence[Line], width: float) -> Piece:
    """What is in a guest."""
    networks = guest.of("network", "internal")
    parts = [row(boxes, networks, lines) for boxes in rows(guest.of(*CONTAINERS), width)]
    disks = [disk(each, guest, lines, width) for each in guest.of("disk")]
    if disks:
        parts.append(beside(disks, width))
    return stacked(parts, GAP + 4)


def guest(box: Box, lines: Sequence[Line], width: float) -> Piece:
    """A guest with all that is in it."""
    content = inside(box, lines, width - 2 * PAD)
    heading = look.heading(box).removeprefix(look.sign(box))
    facts = ", ".join(box.facts)
    name = measured(heading, 14) + 10
    least = name + measured(facts) + 2 * PAD + (150 if box.mark else 0)
    across = max(content.width + 2 * PAD, least)
    said = [(style, part) for style, words in remarks(box)
            for part in wrapped(words, across - 2 * PAD)]  # fmt: skip
    top = 34 + LINE * len(said) + FLAG
    height = top + content.height + PAD
    drawn = edge(box, across, height)
    for index, (style, words) in enumerate(said):
        drawn += title(PAD, 41 + LINE * index, words, style, as_wide_as(style))
    drawn += title(PAD + name, 22, facts, "soft") + title(PAD, 22, heading, "name", 14)
    placed = content.at(PAD, top)
    here = (box.id, Rect(x=0, y=0, width=across, height=height))
    return Piece(
        width=across,
        height=height,
        svg=grouped(box, drawn + placed.svg + badges(box, across - 10, -9)),
        places=(here, *placed.places),
    )
