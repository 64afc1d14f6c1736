"""All that belongs to a lab file in one tree: the file, what it extends, what it includes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from os.path import exists, isfile
from pathlib import Path
from typing import Any

from isolab.labfile.compose import extends, include, merge
from isolab.labfile.environment import read_file
from isolab.labfile.syntax.interpolation import BadVariable, interpolate
from isolab.labfile.syntax.node import Invalid, Node, Origin
from isolab.labfile.syntax.parse import dump, parse
from isolab.model import Position, Problem

PROJECT = "COMPOSE_PROJECT_NAME"
"""Set for every compose file: the name of the whole."""
OVERRIDES = "overrides"
"""Where problems of what is laid over a lab file are said to be."""
_NAME = re.compile(r"""^name:[ \t]+(?P<quote>["']?)(?P<name>[^\s"'#]+)(?P=quote)""", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What a program gives beside a lab file or in its place."""

    text: str | None = None
    """The lab file's content; None reads the file."""
    overrides: Mapping[str, Any] | None = None
    """Laid over the file, as Compose lays one file over another."""


FROM_FILE = Written()
"""Nothing but the file itself."""


def whole(
    path: Path, variables: Mapping[str, str], written: Written
) -> tuple[Node, tuple[Problem, ...]]:
    """The tree, and what is wrong with it so far; Invalid where there is none at all."""
    reading = _Reading()
    origin = Origin(folder=path.parent, variables=variables)
    top = Node(
        path=(), position=Position(file=str(path), line=1, column=1), origin=origin, value=None
    )
    beside = path.parent / ".env"
    if isfile(beside):
        try:
            values = read_file(top, beside)
            given = {name: value for name, value in values.items() if value is not None}
            origin = Origin(folder=path.parent, variables={**given, **variables})
        except Invalid as invalid:
            reading.problems.extend(invalid.problems)
    named = {PROJECT: _name_of(path, origin.variables, written.text), **origin.variables}
    origin = Origin(folder=path.parent, variables=named)
    root = reading.complete(path, origin, (), written)
    return merge.settled(root), tuple(reading.problems)


def _name_of(path: Path, variables: Mapping[str, str], text: str | None) -> str:
    """The lab's name before the file is read: the variables in the file may use it."""
    try:
        written = _NAME.search(path.read_text(encoding="utf-8") if text is None else text)
        return interpolate(written["name"], variables) if written else path.stem
    except (OSError, UnicodeDecodeError, BadVariable):
        # Whoever reads the file says so.
        return path.stem


class _Reading:
    """Goes through the files, and keeps what is wrong with each."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def complete(
        self, path: Path, origin: Origin, above: tuple[Path, ...], written: Written = FROM_FILE
    ) -> Node:
        """A file's root; where a part cannot be resolved, the root as far as it goes."""
        root = self.parse(path, origin, written.text)
        if written.overrides:
            over = self.parse(Path(OVERRIDES), origin, dump(written.overrides))
            root = merge.file(root, over)
        here = (*above, path.resolve())

        def included(path: Path, origin: Origin, asking: Node) -> Node:
            _must_be_there(path, asking)
            if path.resolve() in here:
                asking.refuse(f"{path} includes itself through other files")
            return self.complete(path, origin, here)

        root = extends.resolved(root, self._other, self.problems.extend)
        return include.resolved(root, included, self.problems.extend)

    def _other(self, path: Path, asking: Node) -> Node:
        """A file that a service is extended from."""
        _must_be_there(path, asking)
        return self.parse(path, replace(asking.origin, folder=path.parent))

    def parse(self, path: Path, origin: Origin, text: str | None = None) -> Node:
        """A file's root alone."""
        root, problems = parse(path, origin, text)
        self.problems.extend(problems)
        return root


def _must_be_there(path: Path, asking: Node) -> None:
    """Told where it is named, not as a mistake of the file that is not there."""
    if not exists(path):
        asking.refuse(f"{path} is not there")
