"""Blocks of text that are framed, set beside each other and tied together by rails."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

Block = tuple[Text, ...]
"""Lines of one and the same width."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """The characters of a frame: corners from the top left clockwise, then horizontal, vertical."""

    corners: str
    horizontal: str
    vertical: str
    style: str = ""


PLAIN = Frame(corners="╭╮╯╰", horizontal="─", vertical="│")


def width(block: Block) -> int:
    """Cells from side to side."""
    return max((line.cell_len for line in block), default=0)


def padded(line: Text, cells: int) -> Text:
    """The line, filled up or cut off."""
    fitted = line.copy()
    fitted.truncate(cells, overflow="ellipsis", pad=True)
    return fitted


def wrapped(words: str, cells: int, style: str = "", hang: str = "  ") -> Block:
    """A text in lines of at most so many cells, further ones set in."""
    lines: list[str] = []
    rest = words
    while cell_len(rest) > cells:
        fitting = len(rest)
        while cell_len(rest[:fitting]) > cells:
            fitting -= 1
        space = rest.rfind(" ", len(hang) + 1, fitting + 1)
        cut = space if space > 0 else fitting
        lines.append(rest[:cut])
        rest = hang + rest[cut:].lstrip()
    return tuple(Text(line, style=style) for line in (*lines, rest))


def framed(block: Block, title: Text, cells: int, frame: Frame = PLAIN) -> Block:
    """The block in a frame of so many cells, its title in the upper edge."""
    left, right, lower_right, lower_left = frame.corners
    title = title.copy()
    title.truncate(cells - 6, overflow="ellipsis")
    edge = frame.horizontal * (cells - title.cell_len - 5)
    bar, line = (Text(part, style=frame.style) for part in (frame.vertical, frame.horizontal))
    top = Text.assemble((left, frame.style), line, " ", title, " ", (edge + right, frame.style))
    bottom = Text(lower_left + frame.horizontal * (cells - 2) + lower_right, style=frame.style)
    inside = (Text.assemble(bar, " ", padded(line, cells - 4), " ", bar) for line in block)
    return (top, *inside, bottom)


def beside(blocks: Sequence[Block], gap: int = 1) -> Block:
    """Blocks in a row, filled up below to the height of the tallest."""
    height = max(map(len, blocks))
    wide = [width(block) for block in blocks]
    return tuple(
        Text(" " * gap).join(
            padded(block[row], cells) if row < len(block) else Text(" " * cells)
            for block, cells in zip(blocks, wide, strict=True)
        )
        for row in range(height)
    )


def raised(block: Block, lines: int, frame: Frame = PLAIN) -> Block:
    """A framed block with so many empty lines before its lower edge."""
    bar = Text(frame.vertical, style=frame.style)
    empty = Text.assemble(bar, " " * (width(block) - 2), bar)
    return (*block[:-1], *(empty,) * lines, block[-1])


@dataclass(frozen=True, kw_only=True, slots=True)
class Rail:
    """A line below a row of blocks, with a stub up to each block that is on it."""

    label: Text
    stubs: tuple[int, ...]
    """Cells from the left."""


def rails(found: Sequence[Rail], cells: int) -> Block:
    """The rails below each other; a stub passes those above its own."""
    lines: list[Text] = []
    for index, rail in enumerate(found):
        first, last = min(rail.stubs), max(rail.stubs)
        characters = [" "] * max(cells, last + 1)
        characters[first : last + 1] = "─" * (last + 1 - first)
        for later in found[index + 1 :]:
            for stub in later.stubs:
                characters[stub] = "│"
        for stub in rail.stubs:
            characters[stub] = "●"
        room = rail.label.cell_len + 4
        after = "".join(characters[last + 1 :])
        if not after[:room].strip() and last + room <= cells:
            lines.append(
                Text.assemble("".join(characters[: last + 1]), "── ", rail.label, after[room - 1 :])
            )
        else:
            # No room behind it: the label goes below, at the right.
            lines.append(Text("".join(characters)))
            left = "".join(characters).replace("─", " ").replace("●", " ")
            lines.append(Text.assemble(left[: max(0, cells - rail.label.cell_len)], rail.label))
    return tuple(padded(line, cells) for line in lines)


def with_stubs(bottom: Text, stubs: Sequence[int]) -> Text:
    """The lower edge of a row of frames, open where stubs leave."""
    plain = list(bottom.plain)
    for stub in stubs:
        plain[stub] = {"─": "┬", "━": "┯", "═": "╤", "╌": "┬"}.get(plain[stub], plain[stub])
    opened = bottom.copy()
    opened.plain = "".join(plain)
    return opened
