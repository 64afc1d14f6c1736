"""Changes as Markdown, for a comment on a pull request."""

import re
from collections.abc import Iterator, Sequence

from isolab.cli.output import changes as words
from isolab.diff.change import Change, Loss, data_words, losses, summary
from isolab.visible import visible

MOST_EFFECTS = 40
"""A comment has limited room; the rest is counted."""
_SPECIAL = re.compile(r"[\\`*~|\[\]!$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def of(stack: str, changes: Sequence[Change], picture: str = "") -> Iterator[str]:
    """The comment's lines.

    Args:
        stack: Whose changes.
        changes: What changes.
        picture: The change as Mermaid; empty for none.
    """
    yield f"### Lab `{stack}`: {_sum(changes)}"
    if not changes:
        return
    yield from _losses(losses(changes))
    yield from _table(changes)
    yield from _effects(changes)
    if picture:
        yield from ("", "```mermaid", picture.rstrip("\n"), "```")
    if any(change.seconds for change in changes):
        yield from ("", "Times are medians of what earlier runs took on the machine that says so.")


def _sum(changes: Sequence[Change]) -> str:
    counts = [f"{count} to {kind}" for kind, count in summary(changes).items() if count]
    return ", ".join(counts) or "nothing changes"


def _losses(lost: Sequence[Loss]) -> Iterator[str]:
    if not lost:
        return
    yield ""
    yield "> [!CAUTION]"
    yield "> **Data loss.** `./lab up` asks before it does this."
    for loss in lost:
        yield f"> - {_cell(loss.words)}: {_cell(loss.because)}"


def _table(changes: Sequence[Change]) -> Iterator[str]:
    yield from ("", "| | layer | name | change | why | data |", "|---|---|---|---|---|---|")
    for change in changes:
        about = f", about {change.seconds:.0f} s" if change.seconds else ""
        why = "<br>".join(map(_cell, change.reasons))
        yield (
            f"| {words.SIGNS[change.change]} | {change.layer} | `{change.name}` "
            f"| {change.change}{about} | {why} | {data_words(change.data)} |"
        )


def _effects(changes: Sequence[Change]) -> Iterator[str]:
    lines = [
        f"- {change.layer} `{change.name}` → {_cell(words.effect(effect))}"
        for change in changes
        for effect in change.effects
    ]
    if not lines:
        return
    yield from ("", "<details><summary>What follows from it</summary>", "")
    yield from lines[:MOST_EFFECTS]
    if len(lines) > MOST_EFFECTS:
        yield f"- … and {len(lines) - MOST_EFFECTS} more"
    yield from ("", "</details>")


def _cell(text: str) -> str:
    """Text that is nothing else: no cell ends in it, no element, link, emphasis or mention begins.

    An underscore between letters is none of these; a link is made of every address with ://, and a
    mention of every @ with a name behind it.
    """
    words = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    words = _SPECIAL.sub(r"\\\g<0>", words)
    return words.replace("://", "&#58;//").replace("@", "@\u2060")
