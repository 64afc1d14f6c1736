"""The drawing as SVG: nested boxes, for pages and documents, light and dark."""

from html import escape
from pathlib import Path

from isolab.draw import look
from isolab.draw.drawing import Drawing
from isolab.draw.fold import folded
from isolab.draw.palette import coloured
from isolab.draw.svgboxes import PAD, edge, grouped
from isolab.draw.svghost import host
from isolab.draw.svgparts import LINE, Piece, line, number, plate, text, wrapped

_MARGIN = 24.0
_MOST = 8
STYLE = (Path(__file__).parent / "drawing.css").read_text(encoding="utf-8")
HATCH = (
    '<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path class="hatch" d="M 0 0 V 8"/></pattern></defs>'
)


def draw(drawing: Drawing) -> str:
    """The picture as one document."""
    return _picture(drawing, f"<style>\n{styles()}</style>\n")


def inline(drawing: Drawing) -> str:
    """The picture as a part of a page that has page_styles."""
    return _picture(drawing, "")


def _picture(drawing: Drawing, style: str) -> str:
    drawing = folded(drawing)
    below = host(drawing)
    width = max(below.width, 560.0)
    head = _head(drawing, width)
    legend = look.legend(drawing)
    low = head.height + below.height + (30 if legend else 0)
    body = head.at(_MARGIN, _MARGIN).svg + below.at(_MARGIN, _MARGIN + head.height).svg
    if legend:
        body += text(_MARGIN, _MARGIN + head.height + below.height + 26, legend, "soft")
    across, down = number(width + 2 * _MARGIN), number(low + 2 * _MARGIN)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {down}" width="{across}" '
        f'height="{down}" role="img" aria-labelledby="title desc">\n'
        f'<title id="title">{escape(drawing.title)}</title>\n'
        f'<desc id="desc">{escape(look.described(drawing))}</desc>\n'
        f"{style}{HATCH}\n"
        f'<rect class="page" width="100%" height="100%"/>\n{body}\n</svg>\n'
    )


def styles() -> str:
    """The styles of a document of its own: as the page's reader likes it, light or dark."""
    sheet = ".page { fill: $page; }\n" + STYLE
    light = coloured(sheet, lambda light, _: light)
    dark = coloured(sheet, lambda _, dark: dark)
    return f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def page_styles(within: str) -> str:
    """The same for a page, inside the elements of a selector: as the page's colour scheme is."""
    sheet = coloured(STYLE, lambda light, dark: f"light-dark({light}, {dark})")
    return f"{within} {{\n.page {{ fill: none; }}\n{sheet}}}\n"


def _head(drawing: Drawing, width: float) -> Piece:
    """Title, description, what changes, and what is outside."""
    drawn, y = text(0, 16, drawing.title, "title"), 24.0
    said = [("soft", part) for part in wrapped(drawing.description, width)]
    if drawing.shows_changes:
        changes = drawing.changes[:_MOST] or ("nothing changes",)
        for change in changes:
            style = "down" if change.startswith(look.LOST) else "soft"
            said += [(style, part) for part in wrapped(f"• {change}", width)]
        if len(drawing.changes) > _MOST:
            said.append(("soft", f"• and {len(drawing.changes) - _MOST} more"))
    for style, words in said:
        y += LINE
        drawn += text(0, y, words, style)
    outside = _outside(drawing, width).at(0, y + 18)
    return Piece(width=width, height=y + 18 + outside.height + 34, svg=drawn + outside.svg)


def _outside(drawing: Drawing, width: float) -> Piece:
    facts = drawing.outside.facts
    say = drawing.say
    more = f", {say('and')} {len(facts) - 4} {say('more')}" if len(facts) > 4 else ""
    opens = f"{say('opens')} {', '.join(facts[:4])}{more}" if facts else say("opens nothing here")
    lines = list(wrapped(opens, width - 2 * PAD))
    height = 30 + LINE * len(lines)
    drawn = edge(drawing.outside, width, height) + text(PAD, 22, drawing.outside.name, "name")
    for index, words in enumerate(lines):
        drawn += text(PAD, 40 + LINE * index, words, "soft")
    x = PAD + 6
    way = line(((x, height), (x, height + 34)), "wire") + plate(x + 8, height + 17, "NAT")
    return Piece(width=width, height=height, svg=grouped(drawing.outside, drawn) + way)
