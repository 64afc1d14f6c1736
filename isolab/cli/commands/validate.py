"""`./lab validate`: checks lab files, without touching any machine."""

import argparse
import os
from pathlib import Path

from isolab.cli.context import stack
from isolab.cli.errors import BAD_INPUT, DONE
from isolab.cli.output import document
from isolab.model import Problem
from isolab.plan.model import Surroundings
from isolab.plan.read import Examined

NAME = "validate"
HELP = "check lab files"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="LAB", help="a lab file, or a name in stacks/"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def run(arguments: argparse.Namespace) -> int:
    """Check each file; 2 where one of them is broken."""
    results = [(file, _examined(file)) for file in map(_found, arguments.files)]
    if arguments.json:
        files = [
            {
                "file": str(file),
                "errors": [_as_json(file, problem) for problem in examined.errors],
            }
            | _warnings(file, examined)
            for file, examined in results
        ]
        print(document.text({"files": files}))
    else:
        for file, examined in results:
            for problem in (*examined.errors, *examined.warnings):
                print(problem)
            if not examined.errors:
                print(f"{file}: ok")
    return BAD_INPUT if any(examined.errors for _, examined in results) else DONE


def _found(lab: Path) -> Path:
    """A file as it is named; a name alone is a lab in stacks/, as for the other commands."""
    from machine.stack import lab_file

    return lab if lab.exists() or not stack.is_name(str(lab)) else lab_file(str(lab))


def _warnings(file: Path, examined: Examined) -> dict[str, object]:
    """Beside the errors, where there are any."""
    found = [_as_json(file, problem) for problem in examined.warnings]
    return {"warnings": found} if found else {}


def _examined(file: Path) -> Examined:
    from machine.stack import examine_file_on_host

    return examine_file_on_host(file, os.environ, Surroundings(stack=file.stem))


def _as_json(file: Path, problem: Problem) -> dict[str, str | int]:
    """Where a file that the lab file includes is to blame, the problem names it."""
    other = problem.position.file
    return ({"file": other} if other != str(file) else {}) | {
        "line": problem.position.line,
        "column": problem.position.column,
        "path": problem.path,
        "message": problem.message,
        "hint": problem.hint,
    }
