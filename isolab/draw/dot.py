"""The drawing for Graphviz: layers as clusters."""

from collections.abc import Iterator, Mapping

from isolab.draw import look
from isolab.draw.drawing import Box, Drawing, Kind, Line, LineKind
from isolab.draw.fold import folded

_SHAPES: dict[Kind, str] = {
    "outside": "plaintext",
    "volume": "cylinder",
    "balancer": "hexagon",
    "registry": "component",
}
_LINES: dict[LineKind, str] = {
    "attached": "dir=none",
    "mounted": "dir=none, style=dotted",
    "entry": "color=blue",
    "route": "color=blue",
    "link": "style=bold",
    "cluster": "dir=both, style=dashed",
    "leaves": "color=gray40, dir=back",
}
_ACTIONS = {
    "added": 'color="#00684b", fillcolor="#d3f0e5", penwidth=3, style="filled,bold"',
    "changed": 'color="#0072b2", fillcolor="#d6ebfa", penwidth=2, style="filled"',
    "replaced": 'color="#a86500", fillcolor="#fdebc8", penwidth=4, style="filled"',
    "removed": 'color="#b3261e", fillcolor="#f6dcd0", penwidth=2, style="filled,dashed"',
}
_KINDS: dict[Kind, str] = {
    "guest": 'fillcolor="#e6eef8", color="#3b6ea5"',
    "disk": 'fillcolor="#f3eee4", color="#7d6b4a"',
    "lab network": 'fillcolor="#dff1e7"',
    "network": 'fillcolor="#dff1e7"',
    "internal": 'fillcolor="#eeeeee", style="filled,dashed"',
}
_SUFFERS = 'color="#a86500", fillcolor="#fff4d6", style="filled,dotted"'
_LOST = 'color="#3b0d00", fillcolor="#b3261e", fontcolor=white, penwidth=4, style="filled"'
_FOCUS = 'color="#7b2d8b", penwidth=5'
_GROUPS = ("host", "guest", "disk")


def draw(drawing: Drawing) -> str:
    """The graph in DOT."""
    drawing = folded(drawing)
    numbers = drawing.numbers()
    boxes = {box.id: box for box in drawing.walk()}
    return "\n".join(
        (
            "digraph lab {",
            f'  label="{_escaped(drawing.title)}"; labelloc=t; compound=true; rankdir=TB;',
            '  graph [fontname="sans-serif", fontsize=12, style=filled, fillcolor="#f4f6f8"];',
            '  node [shape=box, fontname="sans-serif", fontsize=11];',
            "  node [style=filled, fillcolor=white];",
            '  edge [fontname="sans-serif", fontsize=9];',
            *_box(drawing.outside, numbers, "  "),
            *_box(drawing.host, numbers, "  "),
            *(_line(line, boxes, numbers) for line in drawing.lines),
            "}",
            "",
        )
    )


def _box(box: Box, numbers: Mapping[str, str], indent: str) -> Iterator[str]:
    label = "\\n".join(map(_escaped, (look.heading(box), *box.facts, *look.remarks(box))))
    number = numbers[box.id]
    if _is_group(box):
        yield f"{indent}subgraph cluster_{number} {{"
        yield f'{indent}  label="{label}"; {_style(box).replace(", ", "; ")}'
        for inner in box.boxes:
            yield from _box(inner, numbers, indent + "  ")
        yield f"{indent}}}"
    else:
        style = ", ".join(filter(None, (_shape(box), _style(box))))
        yield f'{indent}{number} [label="{label}"{style and f", {style}"}];'


def _is_group(box: Box) -> bool:
    return box.kind in _GROUPS and bool(box.boxes)


def _shape(box: Box) -> str:
    shape = _SHAPES.get(box.kind)
    return f"shape={shape}" if shape else ""


def _style(box: Box) -> str:
    if box.mark and box.mark.lost:
        style = _LOST
    elif box.mark and box.mark.action:
        style = _ACTIONS[box.mark.action]
    elif box.mark:
        style = _SUFFERS
    else:
        style = _KINDS.get(box.kind, "")
    return ", ".join(part for part in (style, _FOCUS if box.focus else "") if part)


def _line(line: Line, boxes: Mapping[str, Box], numbers: Mapping[str, str]) -> str:
    """Graphviz ties nodes alone: a line to a layer starts in it and is cut at its border."""
    ends: list[str] = []
    borders: list[str] = []
    for end, border in ((line.source, "ltail"), (line.target, "lhead")):
        node = boxes[end]
        if _is_group(node):
            borders.append(f"{border}=cluster_{numbers[end]}")
            while _is_group(node):
                node = node.boxes[0]
        ends.append(numbers[node.id])
    many = f" ×{line.count}" if line.count > 1 and line.kind != "attached" else ""
    sign = f"{look.SIGNS[line.action]} " if line.action else ""
    label = f'label="{_escaped(f"{sign}{line.label}{many}")}"'
    gone = ('color="#b3261e", style=dashed',) if line.action == "removed" else ()
    attributes = ", ".join((label, *(gone or (_LINES[line.kind],)), *borders))
    return f"  {' -> '.join(ends)} [{attributes}];"


def _escaped(words: str) -> str:
    # Graphviz reads &lt; in a label as the character that it stands for.
    return words.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
