"""A service's environment and labels: from the lab file, and from files beside it."""

from collections.abc import Mapping
from os.path import exists
from pathlib import Path

from isolab.labfile.syntax import dotenv
from isolab.labfile.syntax.node import Invalid, Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, Gathering, forms, many
from isolab.labfile.values.shape import Shaped, describe
from isolab.model import Position, Problem

_KEYS = {
    "path": "The file, relative to the lab file.",
    "required": "false passes over a file that is not there.",
    "format": "raw takes each value as it is, with its quotes and dollars.",
}


def read_file(node: Node, path: Path, *, raw: bool = False) -> dict[str, str | None]:
    """The variables of a file; what is wrong with it is told with its own lines."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        node.refuse(f"{path} cannot be read: {error.strerror or error}")
    except ValueError:
        node.refuse(f"{path} is not text in UTF-8")
    if "\0" in text:
        node.refuse(f"{path} holds a null character")
    try:
        return dotenv.parse_raw(text) if raw else dotenv.parse(text, node.origin.variables)
    except dotenv.BadLine as bad:
        raise invalid_line(path, bad) from bad


def invalid_line(path: Path, bad: dotenv.BadLine) -> Invalid:
    """A line of such a file, as a problem."""
    place = Position(file=str(path), line=bad.line, column=1)
    return Invalid((Problem(position=place, path="", message=bad.message, hint=bad.hint),))


def _set(node: Node, values: Mapping[str, str | None]) -> dict[str, str]:
    """A name without a value takes that of the environment; where that has none, it stays unset."""
    outer = node.origin.variables
    given = {name: outer.get(name) if value is None else value for name, value in values.items()}
    return {name: value for name, value in given.items() if value is not None}


def _short(node: Node) -> dict[str, str]:
    return _set(node, read_file(node, scalars.local(node)))


def _long(node: Node) -> dict[str, str]:
    with Fields(node, _KEYS, "an env_file") as fields:
        path = fields.need("path", scalars.local, "./app.env")
        required = fields.get("required", scalars.flag, True)
        kind = fields.get("format", scalars.choice("raw"), "")
    if not required and not exists(path):
        return {}
    return _set(node, read_file(fields.where("path"), path, raw=kind == "raw"))


def _merged(node: Node) -> dict[str, str]:
    """Of several files, the later ones win, and may use the variables of the earlier."""
    merged: dict[str, str] = {}
    with Gathering() as gathering:
        for item in node.items():
            merged |= gathering.read(item.seeing(merged), _ENV_FILE) or {}
    return merged


_SHORT = Shaped(_short, lambda: describe(scalars.local))
_ENV_FILE: Reader[dict[str, str]] = forms(text=_SHORT, mapping=_long)
env_file: Reader[dict[str, str]] = forms(
    text=_SHORT, items=Shaped(_merged, lambda: describe(many(_ENV_FILE)))
)
"""Variables from files: one, or several in short or long forms."""
