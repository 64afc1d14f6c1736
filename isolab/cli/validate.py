"""`./lab validate`: checks lab files, without touching any machine."""

import argparse
import json
import os
from pathlib import Path

from isolab.cli.errors import BAD_INPUT, DONE
from isolab.model import Problem
from isolab.plan.model import Surroundings

NAME = "validate"
HELP = "check lab files"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a lab file")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def run(arguments: argparse.Namespace) -> int:
    """Check each file; 2 where one of them is broken."""
    results = [(file, _problems(file)) for file in arguments.files]
    if arguments.json:
        files = [
            {"file": str(file), "errors": [_as_json(file, problem) for problem in problems]}
            for file, problems in results
        ]
        print(json.dumps({"files": files}, indent=1))
    else:
        for file, problems in results:
            for problem in problems:
                print(problem)
            if not problems:
                print(f"{file}: ok")
    return BAD_INPUT if any(problems for _, problems in results) else DONE


def _problems(file: Path) -> tuple[Problem, ...]:
    from machine.stack import plan_file_on_host

    planned = plan_file_on_host(file, os.environ, Surroundings(stack=file.stem))
    return planned if isinstance(planned, tuple) else ()


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
