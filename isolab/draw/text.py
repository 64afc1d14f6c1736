"""The drawing for a terminal: nested boxes in 80 columns."""

import io
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from isolab.draw import look
from isolab.draw.drawing import Box, Drawing, Line, LineKind
from isolab.draw.fold import folded
from isolab.draw.rails import stubs_by_network
from isolab.draw.textblocks import (
    PLAIN,
    Block,
    Frame,
    Rail,
    beside,
    framed,
    padded,
    rails,
    raised,
    width,
    with_stubs,
    wrapped,
)

COLUMNS = 80
_NARROWEST, _WIDEST = 22, 35
"""Cells of a container's box."""
_STUB, _STUBS_APART = 3, 3
_MOST_ENTRIES = 8
_FRAMES = {
    "added": Frame(corners="┏┓┛┗", horizontal="━", vertical="┃", style="green"),
    "changed": Frame(corners="╭╮╯╰", horizontal="─", vertical="│", style="cyan"),
    "replaced": Frame(corners="╔╗╝╚", horizontal="═", vertical="║", style="yellow"),
    "removed": Frame(corners="┌┐┘└", horizontal="╌", vertical="╎", style="red"),
}
_STATES = {"healthy": "green", "down": "bold red", "unknown": "yellow"}
_CONTAINERS = ("container", "balancer")


def draw(drawing: Drawing) -> str:
    """The drawing as plain text."""
    console = Console(file=io.StringIO(), width=COLUMNS, color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(rendered(drawing), soft_wrap=True)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def rendered(drawing: Drawing) -> Text:
    """The drawing for rich, with its colours."""
    drawing = folded(drawing)
    head = Text(drawing.title, style="bold")
    about = wrapped(drawing.description, COLUMNS, hang="") if drawing.description else ()
    legend = look.legend(drawing)
    lines = (
        head,
        *about,
        Text(""),
        *_changes(drawing),
        *_entries(drawing),
        *_host(drawing),
        *((Text(legend, style="dim"),) if legend else ()),
    )
    return Text("\n").join(lines)


def _changes(drawing: Drawing) -> Iterator[Text]:
    if not drawing.shows_changes:
        return
    if not drawing.changes:
        yield Text("nothing changes")
    for change in drawing.changes:
        yield from wrapped(change, COLUMNS, "bold red" * change.startswith(look.LOST))
    yield Text("")


def _entries(drawing: Drawing) -> Iterator[Text]:
    say = drawing.say
    names = {box.id: box.title for box in drawing.walk()}
    found = [line for line in drawing.lines if line.kind == "entry" and line.action != "removed"]
    for line in found[:_MOST_ENTRIES]:
        many = f" ({line.count} {say('alike')})" if line.count > 1 else ""
        yield Text(f"{say('outside')} ──{line.label}──▶ {names[line.target]}{many}")
    if len(found) > _MOST_ENTRIES:
        yield Text(f"{say('outside')} ──▶ {len(found) - _MOST_ENTRIES} {say('more')}")


def _host(drawing: Drawing) -> Block:
    cells = COLUMNS - 4
    guests = [_guest(guest, drawing.lines, cells) for guest in drawing.host.of("guest")]
    on_host = _rows(drawing.host.of(*_CONTAINERS), (), drawing.lines, cells)
    inside = (
        *_simple(drawing.host, ("lab network", "registry"), cells),
        *_facts(drawing.host, cells),
        *on_host,
        *(line for guest in guests for line in guest),
        *_across(drawing, cells),
    )
    return framed(inside, _title(drawing.host), COLUMNS, _frame(drawing.host))


def _guest(guest: Box, lines: Sequence[Line], cells: int) -> Block:
    inner = cells - 4
    networks = guest.of("network", "internal")
    inside = (
        *_facts(guest, inner),
        *_rows(guest.of(*_CONTAINERS), networks, lines, inner),
        *(line for disk in guest.of("disk") for line in _disk(disk, guest, lines, inner)),
    )
    return framed(inside, _title(guest), cells, _frame(guest))


def _disk(disk: Box, guest: Box, lines: Sequence[Line], cells: int) -> Iterator[Text]:
    names = {box.id: box.title for box in guest.walk()}
    parts: list[str] = []
    for volume in disk.boxes:
        held = [x for x in lines if x.target == volume.id]
        users = [f"{names[x.source]} {disk.say('at')} {x.label}" for x in held]
        parts.append(f"{look.volume(volume)} ({', '.join(users) or disk.say('unused')})")
    words = f"{look.sign(disk)}{disk.name} {', '.join(disk.facts)}"
    yield from wrapped(f"{words}: {'; '.join(parts)}" if parts else words, cells)


def _rows(
    boxes: Sequence[Box], networks: Sequence[Box], lines: Sequence[Line], cells: int
) -> Iterator[Text]:
    """Containers, as many in a row as there is room for, and below each row its networks."""
    row: list[tuple[Box, Block]] = []
    taken = 0
    for box in boxes:
        block = _container(box)
        if row and taken + 1 + width(block) > cells:
            yield from _row(row, networks, lines, cells)
            row, taken = [], 0
        taken += width(block) + bool(row)
        row.append((box, block))
    if row:
        yield from _row(row, networks, lines, cells)


def _row(
    row: Sequence[tuple[Box, Block]], networks: Sequence[Box], lines: Sequence[Line], cells: int
) -> Block:
    tallest = max(len(block) for _, block in row)
    even = [raised(block, tallest - len(block), _frame(box)) for box, block in row]
    together = beside(even)
    found = _rails(row, networks, lines)
    stubs = [stub for rail in found for stub in rail.stubs]
    return (*together[:-1], with_stubs(together[-1], stubs), *(rails(found, cells)))


def _rails(
    row: Sequence[tuple[Box, Block]], networks: Sequence[Box], lines: Sequence[Line]
) -> tuple[Rail, ...]:
    """The first one is next to the containers."""
    starts: dict[str, int] = {}
    left = 0
    for box, block in row:
        starts[box.id] = left
        left += width(block) + 1
    found = stubs_by_network(starts, networks, lines, _STUB, _STUBS_APART)
    return tuple(Rail(label=_rail_label(n), stubs=tuple(stubs)) for n, stubs in found)


def _rail_label(network: Box) -> Text:
    closed = f" ({', '.join(network.facts)})" if network.facts else ""
    return Text(f"{look.sign(network)}{network.name}{closed}", style=_frame(network).style)


def _container(box: Box) -> Block:
    remarks = look.remarks(box)
    longest = max(map(len, (*box.facts, *remarks)))
    # A name is never cut off; everything else goes on in the next line.
    cells = max(min(max(longest + 4, _NARROWEST), _WIDEST), _title(box).cell_len + 6)
    return framed(tuple(_facts(box, cells - 4)), _title(box), cells, _frame(box))


def _facts(box: Box, cells: int) -> Iterator[Text]:
    shown = ", ".join(box.facts) if box.kind in ("guest", "host") else ""
    for fact in (shown,) if shown else box.facts:
        yield from wrapped(fact, cells)
    for remark in look.remarks(box):
        yield from wrapped(f"{_shade(box)}{remark}", cells, style=_remark_style(box, remark))


def _shade(box: Box) -> str:
    return "▒ " if box.mark and box.mark.damage else ""


def _remark_style(box: Box, remark: str) -> str:
    if remark == look.LOST:
        return "bold red"
    if box.state and remark.endswith(box.state.words):
        return _STATES[box.state.health]
    return _frame(box).style or "magenta"


def _title(box: Box) -> Text:
    mark = "▶ " if box.focus else ""
    style = "bold reverse" if box.focus else f"bold {_frame(box).style}".strip()
    return Text(f"{mark}{look.heading(box)}", style=style)


def _frame(box: Box) -> Frame:
    return _FRAMES[box.mark.action] if box.mark and box.mark.action else PLAIN


def _simple(host: Box, kinds: Sequence[str], cells: int) -> Iterator[Text]:
    for box in host.boxes:
        if box.kind in kinds:
            words = ", ".join((*box.facts, *look.remarks(box)))
            name = f" {box.name}" if box.kind == "lab network" else ""
            way = f" ──▶ {box.say('outside')}" if box.kind == "lab network" else ""
            yield padded(Text(f"{look.sign(box)}{box.say(box.kind)}{name} {words}{way}"), cells)


def _across(drawing: Drawing, cells: int) -> Iterator[Text]:
    """Lines from one guest to another, one for each source and kind."""
    names = {box.id: look.sign(box) + box.title for box in drawing.walk()}
    targets: dict[tuple[str, LineKind, str], list[str]] = {}
    for line in drawing.lines:
        if line.kind in ("route", "link", "cluster"):
            sign = f"{look.SIGNS[line.action]} " if line.action else ""
            key = (sign + names[line.source].lstrip("+-~± "), line.kind, line.label)
            targets.setdefault(key, []).append(names[line.target])
    for (source, kind, label), found in targets.items():
        arrow = "═══" if kind == "cluster" else f"──{label}──▶"
        why = drawing.say(look.ARROWS[kind])
        if kind == "cluster":
            why = f"{drawing.say(kind)}, {label}"
        yield from wrapped(f"{source} {arrow} {', '.join(found)}  ({why})", cells)
