"""Changes as text and as JSON, the same for every command that tells them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from isolab.diff.change import Change, Effect, Loss, data_words, losses, summary, worst
from isolab.visible import visible

SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
WIDTH = 80
MOST = 12
"""Effects and events of one change that are told one by one."""


def as_json(stack: str, changes: Sequence[Change]) -> dict[str, Any]:
    """The document that diff and preview print."""
    return {
        "stack": stack,
        "data": worst(change.data for change in changes),
        "lost": [asdict(loss) for loss in losses(changes)],
        "changes": [asdict(change) for change in changes],
        "summary": summary(changes),
    }


def as_text(changes: Sequence[Change]) -> Iterator[str]:
    """Data loss first; a line for each change, its reasons, effects and order below; the sum."""
    return map(visible, _as_text(changes))


def _as_text(changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        yield "nothing changes"
        return
    yield from _losses(losses(changes))
    for change in changes:
        yield f"{SIGNS[change.change]} {change.layer:8}{change.name:16}{_kind(change)}"
        yield from (f"    {reason}" for reason in change.reasons)
        yield from _listed([f"    → {words}" for words in map(effect, change.effects)], "effects")
        events = [f"    {n}. {words}" for n, words in enumerate(change.order, 1)]
        yield from _listed(events, "events")
    yield ", ".join(f"{count} to {kind}" for kind, count in summary(changes).items() if count)
    if any(change.seconds for change in changes):
        yield "times: medians of what earlier runs took on this machine"


def _losses(lost: Sequence[Loss]) -> Iterator[str]:
    for loss in lost:
        yield f"DATA LOSS: {loss.words}"
        yield f"    {loss.because}"
    if lost:
        yield ""


def _kind(change: Change) -> str:
    return f"{change.change}{_about(change.seconds)}"


def effect(told: Effect) -> str:
    """What becomes of whom, and why."""
    words = told.effect
    if told.effect == "degraded":
        words = f"degraded to {told.left} of {told.of}"
    data = f", data {data_words(told.data)}" if told.data != "none" else ""
    because = f" ({told.because})" if told.because and told.effect != "degraded" else ""
    return f"{told.layer} {told.name}: {words}{_about(told.seconds)}{data}{because}"


def _about(seconds: float | None) -> str:
    return f", about {seconds:.0f} s" if seconds else ""


def _listed(lines: Sequence[str], what: str) -> Iterable[str]:
    if len(lines) <= MOST:
        return lines
    return (*lines[: MOST - 1], f"    … and {len(lines) - MOST + 1} {what} more (--format json)")
