"""From a lab file to a lab, or to all that keeps it from being one."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from isolab.labfile import read, tree
from isolab.labfile.syntax.node import Invalid
from isolab.labfile.tree import FROM_FILE, Written
from isolab.model import Lab, Position, Problem


def load(
    path: Path, variables: Mapping[str, str], written: Written = FROM_FILE
) -> Lab | tuple[Problem, ...]:
    """The lab, or its problems in the order of the file; it never raises.

    Variables come from here and, where they are not here, from a .env beside the file.
    """
    problems: tuple[Problem, ...] = ()
    try:
        root, problems = tree.whole(path, variables, written)
        lab = read.lab(root)
    except Invalid as invalid:
        return in_order((*problems, *invalid.problems))
    if any(problem.severity == "error" for problem in problems):
        return in_order(problems)
    return replace(lab, notes=(*problems, *lab.notes))


def in_order(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems as a reader of each file meets them, each place and cause once.

    A part that many services share stands in one place, and so does what is wrong with it.
    """
    causes: dict[tuple[Position, str, str, str], Problem] = {}
    for problem in problems:
        cause = (problem.position, problem.message, problem.hint, problem.severity)
        causes.setdefault(cause, problem)
    return tuple(
        sorted(
            causes.values(),
            key=lambda p: (p.position.file, p.position.line, p.position.column, p.message),
        )
    )
