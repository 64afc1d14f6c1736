"""What the page tells on request: every box and line, also of what is folded, in little room."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from isolab.draw import look
from isolab.draw.drawing import Box, Drawing


def numbered(drawing: Drawing) -> Drawing:
    """The drawing with numbers for ids, in the order of walk: a guest's boxes follow it."""
    numbers = {box.id: str(index) for index, box in enumerate(drawing.walk())}

    def renamed(box: Box) -> Box:
        return replace(box, id=numbers[box.id], boxes=tuple(map(renamed, box.boxes)))

    return replace(
        drawing,
        outside=renamed(drawing.outside),
        host=renamed(drawing.host),
        lines=tuple(
            replace(line, source=numbers[line.source], target=numbers[line.target])
            for line in drawing.lines
        ),
    )


def dumps(drawing: Drawing, shown: Drawing) -> str:
    """JSON that is safe inside of a script element.

    Args:
        drawing: Numbered and not folded.
        shown: The same, folded.
    """
    strings: dict[str, int] = {}

    def known(words: str) -> int:
        return strings.setdefault(words, len(strings))

    boxes = [_told(box, known) for box in drawing.walk()]
    for box in drawing.walk():
        for inner in box.boxes:
            boxes[int(inner.id)]["inside"] = int(box.id)
    document = {
        "strings": list(strings),
        "boxes": boxes,
        "lines": [
            [int(line.source), int(line.target), line.kind, line.label, line.action or ""]
            for line in drawing.lines
        ],
        "twins": dict(_twins(shown)),
        "arrows": dict(look.ARROWS),
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _told(box: Box, known: Callable[[str], int]) -> dict[str, int | list[int]]:
    details = [known(part) for label, value in box.details for part in (label, value)]
    return {
        "kind": known(box.kind),
        "title": known(box.name),
        "facts": [known(fact) for fact in box.facts],
        "remarks": [known(remark) for remark in look.remarks(box, most=12)],
        "details": details,
        "size": sum(1 for _ in box.walk()),
    }


def _twins(shown: Drawing) -> Iterator[tuple[str, list[int]]]:
    """Each box that stands for others, with theirs."""
    for box in shown.walk():
        if box.alike:
            yield box.id, [int(twin.id) for twin in box.alike]
