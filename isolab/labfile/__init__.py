"""From a lab file to a lab, or to all that keeps it from being one."""

from collections.abc import Mapping
from pathlib import Path

from isolab.labfile import read
from isolab.labfile.node import Invalid
from isolab.labfile.syntax import parse
from isolab.model import Lab, Problem


def load(path: Path, variables: Mapping[str, str]) -> Lab | tuple[Problem, ...]:
    """The lab, or its problems in the order of the file; it never raises."""
    try:
        return read.lab(parse(path, variables), path, variables)
    except Invalid as invalid:
        return in_order(invalid.problems)


def in_order(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems as a reader of the file meets them, each once."""
    return tuple(
        sorted(
            dict.fromkeys(problems), key=lambda p: (p.position.line, p.position.column, p.message)
        )
    )
