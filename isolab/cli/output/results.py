"""What the last checks of a stack came to, stored for learner, teacher and course pages."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from isolab.lessons.model import LessonResult
from machine import keys

MARKS = {"holds": "✓", "broken": "✗", "inconclusive": "?", "": "·"}
"""Verdict to sign; the last is for what was never checked."""


class LastResult(msgspec.Struct, frozen=True, kw_only=True):
    """One lesson's last results."""

    checked: datetime
    result: LessonResult


def file(stack: str) -> Path:
    """Where a stack's results lie."""
    return keys.folder(stack) / "lessons.json"


def known(stack: str) -> dict[str, LastResult]:
    """Lesson to last result; nothing where none was checked, or an older isolab wrote the file."""
    try:
        return msgspec.json.decode(file(stack).read_bytes(), type=dict[str, LastResult])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}


def keep(stack: str, results: Iterable[LessonResult]) -> None:
    """Put new results in the place of old ones; lessons that were not checked keep theirs."""
    now = datetime.now(UTC)
    merged = known(stack) | {r.id: LastResult(checked=now, result=r) for r in results}
    path = file(stack)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(".new")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(merged)))
    partial.rename(path)
