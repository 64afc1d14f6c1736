"""Changes as text and as JSON, the same for every command that tells them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from isolab.architecture.change import Change, Effect, summary

SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}


def as_json(stack: str, changes: Sequence[Change]) -> dict[str, Any]:
    """The document that diff and preview print."""
    return {
        "stack": stack,
        "changes": [asdict(change) for change in changes],
        "summary": summary(changes),
    }


def as_text(changes: Sequence[Change]) -> Iterator[str]:
    """A line for each change, its reasons and effects below, and the sum."""
    if not changes:
        yield "nothing changes"
        return
    for change in changes:
        yield f"{SIGNS[change.change]} {change.layer:8}{change.name:16}{change.change}"
        yield from (f"    {reason}" for reason in change.reasons)
        yield from (f"    → {words}" for words in _effects(change.effects))
    yield ", ".join(f"{count} to {kind}" for kind, count in summary(changes).items() if count)


def _effects(effects: Iterable[Effect]) -> Iterator[str]:
    for effect in effects:
        data = "" if effect.data == "none" else f", data {effect.data}"
        yield f"{effect.layer} {effect.name}: {effect.effect}{data}"
