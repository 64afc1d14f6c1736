"""No line of an SVG goes through words: it passes them by, or under a plate that hides it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from isolab.draw import draw
from isolab.draw.make import drawing_of
from isolab.draw.svgparts import Rect, measured
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

REPO = Path(__file__).parents[2]
LABS = (*(REPO / "stacks").glob("*.yaml"), *(REPO / "tests/labs/drawn").glob("*.yaml"))
LINES = {"wire", "link", "route", "cluster"}
PLATES = {"plate", "heading"}
OPAQUE = {"container", "balancer", "registry", "disk"}
LETTER = 9.0
"""The height of letters without tails."""


@dataclass(frozen=True, kw_only=True)
class Painted:
    """A line, a plate or words, in the order in which they are painted."""

    kind: str
    place: Rect
    words: str = ""


def painted(element: ElementTree.Element, x: float, y: float, around: str) -> Iterator[Painted]:
    """All of them in an element, with where they are on the page."""
    if moved := re.match(r"translate\((\S+) (\S+)\)", element.get("transform", "")):
        x, y = x + float(moved[1]), y + float(moved[2])
    tag, style = element.tag.rpartition("}")[2], set(element.get("class", "").split())
    if tag == "defs":
        return
    if tag == "path" and style & LINES and "tip" not in style:
        numbers = list(map(float, re.findall(r"-?[\d.]+", element.get("d", ""))))
        for x1, y1, x2, y2 in segments(numbers):
            place = Rect(x=min(x1, x2), y=min(y1, y2), width=abs(x2 - x1), height=abs(y2 - y1))
            yield Painted(kind="line", place=place.moved(x, y))
    elif tag == "rect" and (style & PLATES or ("edge" in style and around in OPAQUE)):
        where = (float(element.get(name, "0")) for name in ("x", "y", "width", "height"))
        place = Rect(**dict(zip(("x", "y", "width", "height"), where, strict=True)))
        yield Painted(kind="plate", place=place.moved(x, y))
    elif tag == "text":
        words, low = element.text or "", float(element.get("y", "0"))
        size = 14 if "name" in style else 11 if "label" in style else 12
        width = measured(words, size)
        place = Rect(x=float(element.get("x", "0")), y=low - LETTER, width=width, height=LETTER)
        yield Painted(kind="words", place=place.moved(x, y), words=words)
    if "box" in style:
        around = element.get("class", "").split()[1]
    for inner in element:
        yield from painted(inner, x, y, around)


def segments(numbers: list[float]) -> Iterator[tuple[float, float, float, float]]:
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    for (x1, y1), (x2, y2) in pairwise(points):
        yield x1, y1, x2, y2


def meet(line: Rect, words: Rect) -> bool:
    return (
        line.x < words.x + words.width
        and line.x + line.width > words.x
        and line.y < words.y + words.height
        and line.y + line.height > words.y
    )


def covers(plate: Rect, words: Rect) -> bool:
    return (
        plate.x <= words.x
        and plate.y <= words.y
        and plate.x + plate.width >= words.x + words.width
        and plate.y + plate.height >= words.y + words.height
    )


def crossed(svg: str) -> list[str]:
    """Words with a line through them."""
    everything = list(painted(ElementTree.fromstring(svg), 0, 0, ""))
    found = []
    for index, each in enumerate(everything):
        if each.kind != "words":
            continue
        hidden = [
            place
            for place, plate in enumerate(everything[:index])
            if plate.kind == "plate" and covers(plate.place, each.place)
        ]
        last = max(hidden, default=-1)
        if any(o.kind == "line" and meet(o.place, each.place) for o in everything[last + 1 :]):
            found.append(each.words)
    return found


@pytest.mark.parametrize("file", LABS, ids=lambda file: file.stem)
def test_no_line_goes_through_words(file: Path) -> None:
    plan = plan_file(file, {}, Surroundings(stack=file.stem))
    assert isinstance(plan, Plan), plan
    assert crossed(draw(drawing_of(plan), "svg")) == []


def test_a_line_through_words_is_found() -> None:
    words, line = '<text x="10" y="20">title</text>', '<path class="link" d="M 20 0 L 20 40"/>'
    plate = '<rect class="heading" x="6" y="6" width="80" height="18"/>'
    assert crossed(f"<svg>{line}{words}</svg>") == ["title"]
    assert crossed(f"<svg>{plate}{words}{line}</svg>") == ["title"]
    assert crossed(f"<svg>{line}{plate}{words}</svg>") == []
