"""Text measured and wrapped, elements written: what the SVG is made of."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape

from rich.cells import cell_len

LINE = 17.0
"""Pixels from one line of text to the next."""
_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[]/ -\"`"), frozenset("mwMW@%→…")
_BOLD = ("healthy", "down", "unknown")
_EM_NARROW, _EM, _EM_CAPITAL, _EM_WIDE, _EM_CELLS = 0.35, 0.61, 0.7, 0.95, 1.05
"""Widths of letters in ems: those of DejaVu Sans, the widest of the usual fonts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rect:
    """Where a box is, in pixels."""

    x: float
    y: float
    width: float
    height: float

    def moved(self, x: float, y: float) -> "Rect":
        """The same, elsewhere."""
        return replace(self, x=self.x + x, y=self.y + y)


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A part of the picture, from its own upper left corner on."""

    width: float
    height: float
    svg: str
    places: tuple[tuple[str, Rect], ...] = ()
    """Ids of the boxes in it, and where each is."""

    def at(self, x: float, y: float) -> "Piece":
        """The same, moved."""
        places = tuple((box, rect.moved(x, y)) for box, rect in self.places)
        svg = f'<g transform="translate({number(x)} {number(y)})">{self.svg}</g>'
        return replace(self, svg=svg, places=places)


def measured(words: str, size: float = 12) -> float:
    """The width of a text in pixels, rather too wide than too narrow."""
    return size * sum(map(_em, words))


def as_wide_as(style: str) -> float:
    """The size of plain letters that are as wide as those of a style: bold ones are wider."""
    return 14.6 if style in _BOLD else 12


def wrapped(words: str, width: float, size: float = 12) -> Iterator[str]:
    """The text in lines of at most so many pixels, cut inside of words where it must be."""
    line = ""
    for word in words.split():
        while word:
            joined = f"{line} {word}" if line else word
            if measured(joined, size) <= width:
                line, word = joined, ""
            elif line:
                yield line
                line = ""
            else:
                fitting = next(n for n in range(len(word), 0, -1)
                               if n == 1 or measured(word[:n], size) <= width)  # fmt: skip
                yield word[:fitting]
                word = word[fitting:]
    if line:
        yield line


def text(x: float, y: float, words: str, style: str = "") -> str:
    """One line of text."""
    name = f' class="{style}"' if style else ""
    return f'<text x="{number(x)}" y="{number(y)}"{name}>{escape(words)}</text>'


def rect(x: float, y: float, width: float, height: float, style: str, radius: float = 7) -> str:
    """A box with round corners."""
    return (
        f'<rect class="{style}" x="{number(x)}" y="{number(y)}" '
        f'width="{number(width)}" height="{number(height)}" rx="{number(radius)}"/>'
    )


def badge(right: float, y: float, words: str, style: str) -> str:
    """Words on a plate, its right end at `right`."""
    width = measured(words, 11) * 1.08 + 14
    plate = rect(right - width, y, width, 18, "plate", 9)
    return f'<g class="badge {style}">{plate}{text(right - width + 7, y + 13, words)}</g>'


def plate(x: float, y: float, words: str) -> str:
    """Words on a plate that begins at x, its middle at y."""
    drawn = rect(x, y - 9, measured(words, 11) + 14, 18, "plate", 9)
    return drawn + text(x + 7, y + 4, words, "label")


def title(x: float, y: float, words: str, style: str, size: float = 12) -> str:
    """One line of text that lines go under: on a plate without an edge."""
    around = rect(x - 4, y - size - 1, measured(words, size) + 8, size + 6, "heading", 4)
    return around + text(x, y, words, style)


def tip(x: float, y: float, style: str) -> str:
    """An arrow's tip that comes down to a point."""
    return f'<path class="tip {style}" d="M {number(x)} {number(y)} l -5 -9 h 10 Z"/>'


def line(points: Iterable[tuple[float, float]], style: str) -> str:
    """A line from point to point."""
    path = " L ".join(f"{number(x)} {number(y)}" for x, y in points)
    return f'<path class="{style}" d="M {path}"/>'


def dot(x: float, y: float, style: str) -> str:
    """Where a line ends on another."""
    return f'<circle class="{style}" cx="{number(x)}" cy="{number(y)}" r="4.5"/>'


def number(value: float) -> str:
    """At most one decimal: a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def _em(letter: str) -> float:
    if letter in _NARROW:
        return _EM_NARROW
    if letter in _WIDE:
        return _EM_WIDE
    if cell_len(letter) > 1:
        return _EM_CELLS
    return _EM_CAPITAL if letter.isupper() else _EM
