"""The classes of this checkout: which stacks each has."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from machine import paths, private_files


@dataclass(frozen=True, kw_only=True, slots=True)
class Class:
    """Stacks of one lab, one for each learner."""

    name: str
    lab: str
    """As in the stacks' configurations: the lab file's name or path."""
    stacks: tuple[str, ...]


def read(name: str) -> Class | None:
    """The class of that name; None where there is none."""
    if not _file(name).is_file():
        return None
    raw: dict[str, Any] = json.loads(_file(name).read_text())
    return Class(name=raw["name"], lab=raw["lab"], stacks=tuple(raw["stacks"]))


def names() -> tuple[str, ...]:
    """Those that there are."""
    return tuple(sorted(file.stem for file in _file("").parent.glob("*.json")))


def write(made: Class) -> None:
    """Remember it."""
    private_files.write(_file(made.name), json.dumps(asdict(made)).encode())


def forget(name: str) -> None:
    """Its stacks are gone."""
    _file(name).unlink(missing_ok=True)


def _file(name: str) -> Path:
    return paths.home() / "classes" / f"{name}.json"
