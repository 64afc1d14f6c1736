"""`lab test`: set-up, then linters, types, and every test that this machine can run."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from isolab.cli.context.engine import say
from isolab.cli.errors import DONE, FAILED, UNABLE, Failure
from machine import paths, sandbox
from machine.engine import plugins
from machine.engine.plugins import Source
from machine.setup import provision, requirements
from machine.steps import Unable, ensure

NAME = "test"
HELP = "install what tests need, run linters, type checks and all tests; the rest goes to pytest"

SETS: dict[str, tuple[Source, ...]] = {
    "official": ("official",),
    "airgap": ("airgap",),
    "both": ("airgap", "official"),
}
PURE = ("tests/unit", "tests/contract", "tests/browser")
FAST = ("tests/unit", "tests/contract")
"""What is run while somebody writes code: without the tests marked `slow`."""
OF_STOCK_IMAGES = {"tests/live", "tests/live/test_stock_images.py"}
"""Where what runs stock images is; they are built outside the sandbox, which reaches no mirror."""
IN_SANDBOX = ("tests/engine", "tests/live")
AT_ONCE = ("-n", "auto")
"""Tests that need no machine share nothing: as many at once as there are cores."""
MACHINES = ("tests/machines",)
"""They make Debian machines of their own, beside this one's sandbox; run where asked for alone."""
UNTIL = "ISOLAB_TESTS_UNTIL"
"""Seconds of the clock after which no test that boots guests begins: tests/live reads it."""
NO_TESTS = 5
"""pytest's exit code where nothing was selected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One program that has its say."""

    name: str
    command: tuple[str, ...]
    plugins: Source | None = None
    """The set that it runs on, where it runs an engine."""
    code: int = DONE
    seconds: float = 0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    _declare(parser)
    parser.add_argument("pytest", nargs=argparse.REMAINDER, metavar="PYTEST ARGS")


def _declare(parser: argparse.ArgumentParser) -> None:
    """Declare the options that are not pytest's."""
    parser.add_argument("--yes", action="store_true", help="use sudo without asking")
    parser.add_argument("--all", action="store_true", help="also the tests that take minutes")
    parser.add_argument(
        "--fast",
        action="store_true",
        help="only linters, types and the tests that need no machine, in about a minute",
    )
    parser.add_argument(
        "--machines",
        action="store_true",
        help="only tests/machines: Debian machines with systemd and users (needs root)",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        help="begin no test of tests/live after so many minutes; those are named as skipped",
    )
    parser.add_argument(
        "--plugins",
        choices=SETS,
        help="what tests/engine and tests/live run on (default: what labs run on; airgap in CI)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run all parts, also behind one that fails, and sum up."""
    begin = time.time()
    arguments = _with_late_options(arguments)
    words = with_machines(arguments.pytest, wanted=arguments.machines)
    words = with_marks(words, everything=arguments.all, fast=arguments.fast)
    try:
        ensure(requirements.step(), say)
        if arguments.fast:
            return _told(_beside(fast(words)))
        if arguments.plugins:
            _hold(parts(words, SETS[arguments.plugins]))
        needs_machine = any(not within(word, PURE) for word in selected(words)) or not words
        if needs_machine or not selected(words):
            provision.prepare_shared(say, yes=arguments.yes)
        sets = SETS[arguments.plugins or usual(os.environ, plugins.choice())]
        planned = (*stock_images(words), *parts(words, sets))
        _hold(planned)
    except Unable as error:
        raise Failure(UNABLE, error.message, error.hint) from error
    if arguments.minutes is not None:
        os.environ[UNTIL] = str(begin + 60 * arguments.minutes)
    return _told([_run(part) for part in planned])


def _beside(planned: Sequence[Part]) -> list[Part]:
    """Run what reads the code beside the tests, which come last; what it says comes behind."""
    *readers, tests = planned
    with ThreadPoolExecutor(len(readers)) as pool:
        reading = [pool.submit(_read, reader) for reader in readers]
        tested = _run(tests)
    read: list[Part] = []
    for part, words in (each.result() for each in reading):
        read.append(part)
        if part.code != DONE:
            say(f"\n== {part.name}\n{words}")
    return [*read, tested]


def _read(part: Part) -> tuple[Part, str]:
    begin = time.monotonic()
    done = subprocess.run(
        part.command,
        cwd=paths.REPO,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return replace(part, code=done.returncode, seconds=time.monotonic() - begin), done.stdout


def _told(done: Sequence[Part]) -> int:
    """Sum up; the exit code."""
    print("", file=sys.stderr)
    for part in done:
        verdict = "ok" if part.code == DONE else f"failed ({part.code})"
        say(f"{_title(part):32} {part.seconds:7.1f} s  {verdict}")
    return DONE if all(part.code == DONE for part in done) else FAILED


def _with_late_options(arguments: argparse.Namespace) -> argparse.Namespace:
    """Options of ours that stand behind pytest's."""
    parser = argparse.ArgumentParser(prog="./lab test", add_help=False, allow_abbrev=False)
    _declare(parser)
    late, rest = parser.parse_known_args(arguments.pytest)
    early = vars(arguments)
    given = {name: value or early[name] for name, value in vars(late).items()}
    return argparse.Namespace(**{**early, **given, "pytest": rest})


def usual(environment: Mapping[str, str], in_use: Source | None) -> Source:
    """The set to test on where nobody names one."""
    return "airgap" if environment.get("CI") or in_use is None else in_use


def _hold(planned: Sequence[Part]) -> None:
    """Hold that the official set stands where a part runs on it: no test downloads it."""
    if any(part.plugins == "official" for part in planned):
        plugins.require_official()


def with_machines(words: Sequence[str], *, wanted: bool) -> list[str]:
    """The words, with the tests on Debian machines where they are wanted and none is named."""
    named = any(within(word, MACHINES) for word in selected(words))
    return [*MACHINES, *words] if wanted and not named else [*words]


def with_marks(words: Sequence[str], *, everything: bool, fast: bool = False) -> list[str]:
    """The words, leaving out tests with marks where nobody asked for them in any way."""
    asked = "-m" in words or any("::" in word for word in words)
    wanted = "not long and not slow" if fast else "not long"
    return [*words] if everything or asked else [*words, "-m", wanted]


def selected(words: Sequence[str]) -> tuple[str, ...]:
    """The words that name tests."""
    return tuple(word for word in words if word.startswith("tests"))


def within(word: str, places: Sequence[str]) -> bool:
    """Whether a file or test lies in one of the places."""
    return any(word == place or word.startswith(f"{place}/") for place in places)


def parts(words: Sequence[str], sets: Sequence[Source]) -> tuple[Part, ...]:
    """What to run: all, or the tests that were asked for alone; those on the engine on each set."""
    places = selected(words)
    options = tuple(word for word in words if word not in places)
    if not places:
        return (
            *linters(),
            _pytest("tests", PURE, (*AT_ONCE, *options)),
            *_each(IN_SANDBOX, options, sets),
        )
    pure = tuple(word for word in places if within(word, PURE))
    on_machines = tuple(word for word in places if within(word, MACHINES))
    others = tuple(word for word in places if word not in (*pure, *on_machines))
    outside = (("tests", pure), (MACHINES[0], on_machines))
    found = tuple(_pytest(name, group, options) for name, group in outside if group)
    name = "tests in the sandbox"
    return (*found, *(_sandboxed(name, others, options, one) for one in sets if others))


def stock_images(words: Sequence[str]) -> tuple[Part, ...]:
    """What builds the images that tests/live/test_stock_images.py runs, where it is to run."""
    files = {word.partition("::")[0] for word in selected(words)}
    if sandbox.inside() or "not long" in words or (files and not files & OF_STOCK_IMAGES):
        return ()
    return (Part(name="stock images", command=(sys.executable, "tests/live/stock_images.py")),)


def fast(words: Sequence[str]) -> tuple[Part, ...]:
    """Linters, types, and the tests without those that take seconds each: one second is told."""
    places = selected(words)
    options = tuple(word for word in words if word not in places)
    return (*linters(), _pytest("tests", places or FAST, (*AT_ONCE, "--durations-min=1", *options)))


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


def _each(
    places: Sequence[str], options: Sequence[str], sets: Sequence[Source]
) -> tuple[Part, ...]:
    return tuple(_sandboxed(place, (place,), options, one) for one in sets for place in places)


def _pytest(name: str, places: Sequence[str], options: Sequence[str]) -> Part:
    return Part(name=name, command=(sys.executable, "-m", "pytest", "-q", *places, *options))


def _sandboxed(name: str, places: Sequence[str], options: Sequence[str], source: Source) -> Part:
    command = _pytest(name, places, options).command
    if not sandbox.inside():
        command = (str(paths.REPO / "lab"), "--sandbox", "--", *command)
    return Part(name=name, command=command, plugins=source)


def _title(part: Part) -> str:
    return f"{part.name}, {part.plugins}" if part.plugins else part.name


def _run(part: Part) -> Part:
    say(f"\n== {_title(part)}")
    begin = time.monotonic()
    chosen = {"ISOLAB_PLUGINS": part.plugins} if part.plugins else {}
    environment = {**os.environ, **chosen}
    code = subprocess.run(part.command, cwd=paths.REPO, env=environment, check=False).returncode
    accepted = DONE if code == NO_TESTS and "pytest" in part.command else code
    return replace(part, code=accepted, seconds=time.monotonic() - begin)
