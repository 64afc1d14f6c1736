"""The drawing as a Mermaid flowchart, as GitHub renders it in a comment or a README."""

import re
from collections.abc import Iterator, Mapping

from isolab.draw import look
from isolab.draw.drawing import Box, Drawing, Kind, Line, LineKind
from isolab.draw.fold import folded
from isolab.draw.palette import MERMAID

_UNSAFE = re.compile(r"[^\w .,:/()→±…✓✗▶~+=-]")
_SHAPES: dict[Kind, tuple[str, str]] = {
    "outside": ("([", "])"),
    "lab network": ("([", "])"),
    "network": ("([", "])"),
    "internal": ("([", "])"),
    "volume": ("[(", ")]"),
    "balancer": ("{{", "}}"),
}
_ARROWS: dict[LineKind, str] = {
    "attached": "---",
    "mounted": "-.-",
    "entry": "-->",
    "route": "-->",
    "link": "==>",
    "cluster": "<-.->",
    "leaves": "---",
}
_CLASSES: dict[Kind, str] = {
    "lab network": "network",
    "outside": "network",
    "registry": "other",
    "balancer": "other",
    "volume": "other",
}
_GROUPS = ("host", "guest", "disk")


def draw(drawing: Drawing) -> str:
    """The flowchart, without a fence around it."""
    drawing = folded(drawing)
    numbers = drawing.numbers()
    lines = [line for line in drawing.lines if {line.source, line.target} <= numbers.keys()]
    return "\n".join(
        (
            "flowchart TB",
            f"  accTitle: {_escaped(drawing.title)}",
            f"  accDescr: {_escaped(drawing.description or drawing.title)}",
            *_box(drawing.outside, numbers, "  "),
            *_box(drawing.host, numbers, "  "),
            *(_line(line, numbers) for line in lines),
            *_removed(lines),
            *_classes(drawing, numbers),
            "",
        )
    )


def _box(box: Box, numbers: Mapping[str, str], indent: str) -> Iterator[str]:
    number = numbers[box.id]
    if box.kind in _GROUPS and box.boxes:
        # A subgraph's title has room for one line.
        words = (look.heading(box), *box.facts, *look.remarks(box))
        yield f'{indent}subgraph {number}["{_escaped(", ".join(words))}"]'
        for inner in box.boxes:
            yield from _box(inner, numbers, indent + "  ")
        yield f"{indent}end"
    else:
        left, right = _SHAPES.get(box.kind, ("[", "]"))
        yield f'{indent}{number}{left}"{_label(box)}"{right}'


def _label(box: Box) -> str:
    facts = box.facts if box.kind != "outside" else ()
    lines = (look.heading(box), *facts, *look.remarks(box))
    return "<br/>".join(map(_escaped, lines))


def _line(line: Line, numbers: Mapping[str, str]) -> str:
    many = f" ×{line.count}" if line.count > 1 and line.kind != "attached" else ""
    sign = f"{look.SIGNS[line.action]} " if line.action and line.label else ""
    label = _escaped(f"{sign}{line.label}{many}") if line.label or many or sign else ""
    words = f'|"{label}"|' if label else ""
    return f"  {numbers[line.source]} {_ARROWS[line.kind]}{words} {numbers[line.target]}"


def _removed(lines: list[Line]) -> Iterator[str]:
    gone = [str(number) for number, line in enumerate(lines) if line.action == "removed"]
    if gone:
        yield f"  linkStyle {','.join(gone)} stroke:#b3261e,stroke-dasharray:3"


def _classes(drawing: Drawing, numbers: Mapping[str, str]) -> Iterator[str]:
    """Fill and letters together, so that they can be read on a light and on a dark page."""
    found: dict[str, list[str]] = {}
    for box in drawing.walk():
        for style in _styles(box):
            found.setdefault(style, []).append(numbers[box.id])
    for style in sorted(found):
        yield f"  classDef {style} {_look(style)}"
        yield f"  class {','.join(found[style])} {style}"


def _styles(box: Box) -> Iterator[str]:
    if box.mark and (box.mark.action or box.mark.damage or box.mark.lost):
        # A layer's lines and letters are the page's own, so its fill must not hide them.
        layer = "Layer" if box.kind in ("host", "guest") else ""
        yield ("lost" if box.mark.lost else box.mark.action or "suffers") + layer
    elif box.state and box.state.health != "healthy":
        yield box.state.health
    else:
        yield _CLASSES.get(box.kind, box.kind)
    if box.focus:
        yield "focus"


def _look(style: str) -> str:
    if not style.endswith("Layer"):
        return MERMAID[style]
    parts = MERMAID[style.removesuffix("Layer")].split(",")
    return ",".join(["fill:#80808014", *(p for p in parts if p.startswith("stroke"))])


def _escaped(words: str) -> str:
    """Everything that Mermaid could take for its own as a character's number."""
    return _UNSAFE.sub(lambda found: f"#{ord(found[0])};", words)
