"""The drawing as one page that needs no network: folds, details, search, light and dark, paper."""

import base64
import hashlib
from html import escape
from pathlib import Path

from isolab.draw import look, pagedata
from isolab.draw.drawing import Box, Drawing, Line
from isolab.draw.fold import folded
from isolab.draw.palette import coloured
from isolab.draw.svg import HATCH, STYLE
from isolab.draw.svgboxes import CONTAINERS, FLAG, container, inside, remarks
from isolab.draw.svglanes import flags
from isolab.draw.svgparts import Piece, number

_HERE = Path(__file__).parent
_GUEST_WIDTH = 760.0
_MOST_OPEN = 24
"""More guests than these start folded."""
_SHOWN = 6
_TOP = 14.0


def draw(drawing: Drawing) -> str:
    """The whole page."""
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    style = coloured(
        STYLE + (_HERE / "page.css").read_text(encoding="utf-8"),
        lambda light, dark: f"light-dark({light}, {dark})",
    )
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(drawing.title)}</title>\n<link rel="icon" href="data:,">\n'
        f"<style>{style}</style>\n</head>\n<body>\n{body(drawing)}"
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def body(drawing: Drawing) -> str:
    """What the page shows, and the data behind it: all that depends on the drawing."""
    numbered = pagedata.numbered(drawing)
    shown = folded(numbered)
    return (
        f"{_top(shown)}{_changes(shown)}{_legend(shown)}"
        f'<main><div class="stage" id="stage">\n{_outside(shown)}{_host(shown)}'
        '<svg class="over" id="over" aria-hidden="true"></svg>\n</div></main>\n'
        f'<svg width="0" height="0" class="sr" aria-hidden="true">{HATCH}</svg>\n'
        '<div class="tip-box" id="hint" hidden></div>\n'
        '<aside id="panel" aria-label="Details" aria-live="polite" hidden></aside>\n'
        f'<script type="application/json" id="data">{pagedata.dumps(numbered, shown)}</script>\n'
    )


def _top(drawing: Drawing) -> str:
    about = f'<p class="about">{escape(drawing.description)}</p>' if drawing.description else ""
    return (
        f'<header class="top"><div><h1>{escape(drawing.title)}</h1>{about}</div>\n'
        '<div class="tools"><input id="find" type="search" placeholder="Find  /" '
        'aria-label="Find a box"><span id="hits" role="status" class="facts"></span>'
        '<button id="unfold" type="button">Unfold all</button>'
        '<button id="close" type="button">Fold all</button>'
        '<button id="theme" type="button" aria-pressed="false">Light / dark</button>'
        '<button id="paper" type="button">Print</button></div></header>\n'
        f'<p class="sr">{escape(look.described(drawing))}</p>\n'
    )


def _changes(drawing: Drawing) -> str:
    if not drawing.shows_changes:
        return ""
    told = drawing.changes or ("nothing changes",)
    items = ""
    for change in told:
        style = ' class="loss"' if change.startswith(look.LOST) else ""
        items += f"<li{style}>{escape(change)}</li>"
    return f'<section class="changes" aria-label="Changes"><ul>{items}</ul></section>\n'


def _legend(drawing: Drawing) -> str:
    boxes = tuple(drawing.walk())
    kinds = {line.kind for line in drawing.lines} | {box.kind for box in boxes}
    known = (
        ("network", "network", True),
        ("internal", "internal network, no way out", "internal" in kinds),
        ("link", "reaches another guest", "link" in kinds),
        ("route", "balancer to its replicas", "route" in kinds),
        ("entry", "open to the outside", "entry" in kinds),
        ("disk", "disk", "disk" in kinds),
        ("suffers", "affected by a change", any(b.mark and b.mark.damage for b in boxes)),
    )
    items = "".join(
        f'<li><i class="k-{key}"></i>{words}</li>' for key, words, here in known if here
    )
    signs = look.legend(drawing).replace(look.SUFFERS, "").strip()
    return f'<ul class="legend">{items}{f"<li>{escape(signs)}</li>" if signs else ""}</ul>\n'


def _outside(drawing: Drawing) -> str:
    facts = drawing.outside.facts
    more = f", and {len(facts) - _SHOWN} more" if len(facts) > _SHOWN else ""
    opens = f"opens {', '.join(facts[:_SHOWN])}{more}" if facts else "opens nothing here"
    return (
        f'<section class="frame outside" id="outside" data-box="{drawing.outside.id}">'
        f'<button class="open" type="button">outside</button> '
        f'<span class="links">{escape(opens)}</span></section>\n'
    )


def _host(drawing: Drawing) -> str:
    host = drawing.host
    (network,) = host.of("lab network")
    upper = "".join(_drawn(container(each), drawing.lines) for each in host.of(*CONTAINERS))
    guests = host.of("guest")
    cards = "".join(_card(each, drawing.lines, len(guests) > _MOST_OPEN) for each in guests)
    said = ", ".join((*network.facts, *(words for _, words in remarks(network))))
    return (
        f'<section class="frame host {_classes(host)}" id="host" data-box="{host.id}">'
        f'{_head(host, look.heading(host))}{_remarks(host)}<div class="upper">{upper}</div>\n'
        f'<div class="net" id="net" data-box="{network.id}"><button class="open" type="button">'
        f'{escape(look.heading(network))}</button> <span class="facts">{escape(said)}</span></div>'
        f'\n<div class="guests" id="guests">\n{cards}</div></section>\n'
    )


def _card(guest: Box, lines: tuple[Line, ...], closed: bool) -> str:
    content = inside(guest, lines, _GUEST_WIDTH)
    many = (
        f'<button class="all" type="button">show all {guest.count}</button>' if guest.alike else ""
    )
    containers = sum(box.count for box in guest.of(*CONTAINERS))
    classes = f"frame card {_classes(guest)}{' alike' * bool(guest.alike)}{' folded' * closed}"
    fold = (
        f'<button class="fold" type="button" aria-expanded="{str(not closed).lower()}" '
        f'aria-label="fold {escape(guest.title)}"></button>'
    )
    heading = look.heading(guest).removeprefix(look.sign(guest))
    return (
        f'<section class="{classes}" data-box="{guest.id}">{_head(guest, heading, fold, many)}'
        f'{_remarks(guest)}<p class="summary remark">{containers} '
        f"container{'' if containers == 1 else 's'}</p>"
        f'<div class="inside">{_drawn(content, lines)}</div></section>\n'
    )


def _head(box: Box, heading: str, before: str = "", after: str = "") -> str:
    tags = "".join(
        f'<span class="tag {style}">{escape(words)}</span>'
        for style, words in (
            (box.mark.action, f"{look.SIGNS[box.mark.action]} {box.mark.action}")
            if box.mark and box.mark.action
            else ("", ""),
            ("lost", f"! {look.LOST}") if box.mark and box.mark.lost else ("", ""),
        )
        if style
    )
    return (
        f'<div class="head">{before}<button class="open" type="button">{escape(heading)}</button>'
        f'<span class="facts">{escape(", ".join(box.facts))}</span>{tags}{after}</div>'
    )


def _remarks(box: Box) -> str:
    return "".join(
        f'<p class="remark {style}">{escape(words)}</p>' for style, words in remarks(box)
    )


def _classes(box: Box) -> str:
    mark = box.mark
    action = (mark.action or ("suffers" if mark.damage else "")) if mark else ""
    return " ".join(part for part in (action, "lit" if box.focus else "") if part)


def _drawn(piece: Piece, lines: tuple[Line, ...]) -> str:
    """A part of the picture as an element of the page."""
    flagged = any(line.kind == "entry" and line.target in dict(piece.places) for line in lines)
    top = FLAG if flagged else _TOP
    placed = piece.at(6, top)
    width, height = number(piece.width + 14), number(piece.height + top + 10)
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f"{placed.svg}{flags(lines, dict(placed.places))}</svg>"
    )


def _hash(words: str) -> str:
    digest = hashlib.sha256(words.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
