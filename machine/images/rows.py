"""A table of the store as a file: JSON, from names to the fields of one dataclass."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row")


def read(file: Path, kind: type[Row]) -> dict[str, Row]:
    """The rows by name; none where no file of such rows is."""
    try:
        return {name: kind(**row) for name, row in json.loads(file.read_text()).items()}
    except (FileNotFoundError, ValueError, TypeError):
        return {}


def write(file: Path, rows: "Mapping[str, DataclassInstance]") -> None:
    """Replace the file, whole or not at all."""
    partial = file.with_suffix(".partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    content: dict[str, dict[str, Any]] = {name: asdict(row) for name, row in rows.items()}
    partial.write_text(json.dumps(content, indent=2))
    partial.rename(file)
