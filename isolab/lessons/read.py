"""From the catalogue's folders to lessons."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from isolab.lessons.model import Lesson

CATALOGUE = Path(__file__).with_name("catalogue")
FILE = "lesson.yaml"


class BrokenLesson(Exception):
    """A lesson's file that is none; says which and why."""


def folders(catalogue: Path = CATALOGUE) -> tuple[Path, ...]:
    """The lessons' folders, in order."""
    return tuple(sorted(path.parent for path in catalogue.glob(f"*/{FILE}")))


def read(folder: Path) -> Lesson:
    """The lesson in a folder.

    Raises:
        BrokenLesson: A key is missing, unknown or of the wrong kind.
    """
    try:
        content: Any = yaml.safe_load((folder / FILE).read_text(encoding="utf-8"))
        lesson = msgspec.convert(content, Lesson)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise BrokenLesson(f"{folder.name}/{FILE}: {error}") from error
    return msgspec.structs.replace(lesson, id=folder.name.partition("-")[2])


@cache
def catalogue() -> tuple[Lesson, ...]:
    """All lessons, in order, in English."""
    return tuple(read(folder) for folder in folders())
