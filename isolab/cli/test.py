"""`lab test`: set-up, then linters, types, and every test that this machine can run."""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from isolab.cli.engine import say
from isolab.cli.errors import DONE, FAILED, UNABLE, Failure
from machine import paths, requirements, sandbox, setup
from machine.steps import Unable, ensure

NAME = "test"
HELP = "all set-up, then linters, types and every test; arguments go to pytest"

PURE = ("tests/unit", "tests/contract", "tests/browser")
IN_SANDBOX = ("tests/engine", "tests/live")
NO_TESTS = 5
"""pytest's exit code where nothing was selected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One program that has its say."""

    name: str
    command: tuple[str, ...]
    code: int = DONE
    seconds: float = 0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--yes", action="store_true", help="agree to the set-up beforehand")
    parser.add_argument("--all", action="store_true", help="also the tests that take minutes")
    parser.add_argument("pytest", nargs=argparse.REMAINDER, metavar="PYTEST ARGS")


def run(arguments: argparse.Namespace) -> int:
    """Run all parts, also behind one that fails, and sum up."""
    given = arguments.pytest
    words = [word for word in given if word not in ("--yes", "--all")]
    yes = arguments.yes or "--yes" in given
    words = with_marks(words, everything=arguments.all or "--all" in given)
    try:
        ensure(requirements.step(), say)
        needs_machine = any(not within(word, PURE) for word in selected(words)) or not words
        if needs_machine or not selected(words):
            setup.prepare_shared(say, yes=yes)
    except Unable as error:
        raise Failure(UNABLE, error.message, error.hint) from error
    done = [_run(part) for part in parts(words)]
    print("", file=sys.stderr)
    for part in done:
        verdict = "ok" if part.code == DONE else f"failed ({part.code})"
        say(f"{part.name:24} {part.seconds:7.1f} s  {verdict}")
    return DONE if all(part.code == DONE for part in done) else FAILED


def with_marks(words: Sequence[str], *, everything: bool) -> list[str]:
    """The words, leaving out tests marked `long` where nobody asked for them in any way."""
    asked = "-m" in words or any("::" in word for word in words)
    return [*words] if everything or asked else [*words, "-m", "not long"]


def selected(words: Sequence[str]) -> tuple[str, ...]:
    """The words that name tests."""
    return tuple(word for word in words if word.startswith("tests"))


def within(word: str, places: Sequence[str]) -> bool:
    """Whether a file or test lies in one of the places."""
    return any(word == place or word.startswith(f"{place}/") for place in places)


def parts(words: Sequence[str]) -> tuple[Part, ...]:
    """What to run: all, or the tests that were asked for alone."""
    places = selected(words)
    options = tuple(word for word in words if word not in places)
    if not places:
        return (*linters(), _pytest("tests", PURE, options), *_each_in_sandbox(options))
    pure = tuple(word for word in places if within(word, PURE))
    others = tuple(word for word in places if word not in pure)
    found = (_pytest("tests", pure, options),) if pure else ()
    return (*found, *((_sandboxed("tests in the sandbox", others, options),) if others else ()))


def linters() -> tuple[Part, ...]:
    """What reads the code without running it."""
    python = sys.executable
    programs = str(paths.REPO / ".venv" / "bin")
    return (
        Part(name="ruff check", command=(python, "-m", "ruff", "check", "--quiet", ".")),
        Part(
            name="ruff format",
            command=(python, "-m", "ruff", "format", "--check", "--quiet", "."),
        ),
        Part(name="pyright", command=(python, "-m", "pyright")),
        Part(name="import-linter", command=(f"{programs}/lint-imports",)),
    )


def _each_in_sandbox(options: Sequence[str]) -> tuple[Part, ...]:
    return tuple(_sandboxed(place, (place,), options) for place in IN_SANDBOX)


def _pytest(name: str, places: Sequence[str], options: Sequence[str]) -> Part:
    return Part(name=name, command=(sys.executable, "-m", "pytest", "-q", *places, *options))


def _sandboxed(name: str, places: Sequence[str], options: Sequence[str]) -> Part:
    command = _pytest(name, places, options).command
    if not sandbox.inside():
        command = (str(paths.REPO / "lab"), "--sandbox", "--", *command)
    return Part(name=name, command=command)


def _run(part: Part) -> Part:
    say(f"\n== {part.name}")
    begin = time.monotonic()
    code = subprocess.run(part.command, cwd=paths.REPO, check=False).returncode
    accepted = DONE if code == NO_TESTS and "pytest" in part.command else code
    return Part(
        name=part.name,
        command=part.command,
        code=accepted,
        seconds=time.monotonic() - begin,
    )
