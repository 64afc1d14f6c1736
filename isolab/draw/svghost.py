"""The host in the SVG: what runs on it, the lab network, and guests in rows below it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isolab.draw import look
from isolab.draw.drawing import Box, Drawing
from isolab.draw.svgboxes import (
    CONTAINERS,
    FLAG,
    GAP,
    PAD,
    beside,
    container,
    edge,
    grouped,
    guest,
    remarks,
)
from isolab.draw.svglanes import APART, Edges, Lane, drawn, flags, lanes
from isolab.draw.svgparts import LINE, Piece, Rect, dot, line, number, text, title

WIDTH = 1160.0
"""What a row of guests may take; a single guest may take more."""
_GUEST_WIDTH = 760.0
_TRUNK, _LEFT = 6.0, 34.0
"""Where the lab network comes down, and where guests begin."""
_BUS_TO_GUEST = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """Guests beside each other, under their part of the lab network."""

    bus: float
    lanes: tuple[Lane, ...]
    guests: tuple[Piece, ...]
    """Where they belong."""

    @property
    def right(self) -> float:
        return max((place.x + place.width for _, place in self.places), default=_LEFT)

    @property
    def places(self) -> tuple[tuple[str, Rect], ...]:
        return tuple(place for piece in self.guests for place in piece.places)

    @property
    def bottom(self) -> float:
        return max((p.y + p.height for _, p in self.places), default=self.bus)


def host(drawing: Drawing) -> Piece:
    """The host with everything on it."""
    box = drawing.host
    said = [", ".join(box.facts), *(words for _, words in remarks(box))]
    top = 30 + LINE * len(said) + FLAG
    upper = beside([container(each) for each in box.of(*CONTAINERS)], WIDTH).at(_LEFT, top)
    names = {each.id: each.title for each in drawing.walk()}
    found = lanes(drawing.lines, names, drawing.say)
    guests = [guest(each, drawing.lines, _GUEST_WIDTH) for each in box.of("guest")]
    rows = tuple(_placed(guests, found, top + upper.height + 34, {b for b, _ in upper.places}))
    places = dict([*upper.places, *(place for row in rows for place in row.places)])
    (network,) = box.of("lab network")
    right = max([upper.width + _LEFT, 560 - 2 * PAD, *(row.right for row in rows)])
    wires, right = _wires(network, rows, right), right + 14 * len(found)
    over = _lanes(found, rows, places, right)
    # Boxes on the host hide lines; guests let them shine through, under the plates of their titles.
    body = over + grouped(network, wires) + upper.svg
    body += "".join(piece.svg for row in rows for piece in row.guests)
    body += flags(drawing.lines, places)
    low = rows[-1].bottom if rows else top + upper.height + 34
    across, down = right + 2 * PAD, low + PAD
    heading = edge(box, across, down) + text(PAD + 20, 24, look.heading(box), "name")
    for index, words in enumerate(said):
        heading += text(PAD + 20, 42 + LINE * index, words, "soft")
    inside = f'<g transform="translate({number(PAD)} 0)">{body}</g>'
    return Piece(width=across, height=down, svg=grouped(box, heading + inside))


def _placed(
    guests: Sequence[Piece], found: Sequence[Lane], bus: float, on_host: set[str]
) -> Iterator[_Row]:
    """Rows of guests, each as low as the one above and the lanes between them want."""
    for number_of_row, pieces in enumerate(_rows(guests)):
        here = {box for piece in pieces for box, _ in piece.places}
        here |= on_host if number_of_row == 0 else set()
        crossing = tuple(lane for lane in found if any(end.box in here for end in lane.ends))
        y = bus + _BUS_TO_GUEST + APART * len(crossing)
        left, placed = _LEFT, list[Piece]()
        for piece in pieces:
            placed.append(piece.at(left, y))
            left += piece.width + GAP + 8
        row = _Row(bus=bus, lanes=crossing, guests=tuple(placed))
        yield row
        bus = row.bottom + 24


def _rows(guests: Sequence[Piece]) -> Iterator[list[Piece]]:
    row: list[Piece] = []
    taken = 0.0
    for piece in guests:
        if row and taken + piece.width > WIDTH:
            yield row
            row, taken = [], 0
        row.append(piece)
        taken += piece.width + GAP + 8
    if row:
        yield row


def _wires(network: Box, rows: Sequence[_Row], right: float) -> str:
    """The lab network, from above down at the left and along each row of guests."""
    last = rows[-1].bus if rows else 60.0
    wires = line(((_TRUNK, 0), (_TRUNK, last)), "wire")
    for row in rows:
        wires += line(((_TRUNK, row.bus), (right, row.bus)), "wire")
        for piece in row.guests:
            place = piece.places[0][1]
            x = place.x + 22
            wires += line(((x, row.bus), (x, place.y)), "wire") + dot(x, row.bus, "dot")
    words = f"{look.heading(network)} {', '.join(network.facts)}"
    said = ", ".join(words for _, words in remarks(network))
    y = rows[0].bus if rows else last
    return wires + title(_LEFT, y - 9, f"{words} {said}".strip(), "label", 11)


def _lanes(
    found: Sequence[Lane], rows: Sequence[_Row], places: dict[str, Rect], right: float
) -> str:
    heights: dict[tuple[str, str], float] = {}
    for number_of_row, row in enumerate(rows):
        for index, lane in enumerate(row.lanes):
            y = row.bus + APART * (index + 0.75)
            heights |= {(lane.label, box): y for box, _ in row.places}
            if number_of_row == 0:
                inside = {box for each in rows for box, _ in each.places}
                heights |= {(lane.label, box): y for box in places.keys() - inside}
    edges = Edges(places)
    told = [
        drawn(
            lane,
            places,
            lambda box, lane=lane: heights[lane.label, box],
            edges,
            right - 14 * (len(found) - index) + 8,
        )
        for index, lane in enumerate(found)
    ]
    return "".join(ways for ways, _ in told) + "".join(label for _, label in told)
