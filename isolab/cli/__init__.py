"""The command line: finds the command's module, runs it, and tells how it ended."""

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from isolab.cli.errors import BAD_INPUT, FAILED, INTERRUPTED, UNABLE, Failure
from isolab.visible import visible
from machine.host import sockets

COMMANDS = (
    "up",
    "down",
    "preview",
    "diff",
    "draw",
    "status",
    "ssh",
    "logs",
    "exec",
    "learn",
    "check",
    "reset",
    "checkpoint",
    "class",
    "demo",
    "image",
    "prune",
    "validate",
    "schema",
    "new",
    "doctor",
    "env",
    "completion",
    "test",
    "bench",
)
"""Each is a module of the folder commands; it is imported when its command is asked for."""
WITHOUT_CHECKOUT = ("diff", "draw", "validate", "schema", "new", "completion")
"""Those that an installed wheel runs too: they read lab files, and touch no machine."""

OPTIONS = {
    "--sandbox": "run the command in namespaces of its own (-- sh for a shell)",
    "--debug": "show the trace of an error",
    "--version": "show the version",
}
"""Those before the command."""
USAGE = "./lab [--debug] [--sandbox] COMMAND …"


class Command(Protocol):
    """What a command's module offers.

    One with `TAKES_COMMAND` gets the words behind -- as `arguments.command`.
    """

    NAME: str
    HELP: str
    """One line, for the list of commands."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit code."""
        ...


def main(argv: Sequence[str]) -> int:
    """Run one command line; the exit code."""
    sockets.settle(os.environ)
    # Some logins let a group write to all that is made; nothing that a lab keeps is for that.
    os.umask(os.umask(0o022) | 0o022)
    options, rest = _leading_options(argv)
    if "--version" in options:
        print(f"isolab {version()}")
        return 0
    try:
        if "--sandbox" in options:
            from machine import sandbox

            debug = ["--debug"] if "--debug" in options else []
            return sandbox.enter([*debug, *rest] if rest[:1] != ["--"] else rest)
        if not rest:
            print(_help())
            return 0 if options & {"-h", "--help"} else BAD_INPUT
        return _run(rest[0], rest[1:])
    except Failure as failure:
        _report(failure, debug="--debug" in options)
        return failure.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output (`| head`) has seen enough; nothing may be written any more.
        sys.stderr.close()
        return FAILED
    except Exception as error:
        failure = _as_failure(error)
        _report(failure or error, debug="--debug" in options)
        return failure.exit_code if failure else FAILED


def _as_failure(error: Exception) -> Failure | None:
    """What the machine cannot do is a clear message too."""
    from machine.steps import Unable

    return Failure(UNABLE, error.message, error.hint) if isinstance(error, Unable) else None


def _leading_options(argv: Sequence[str]) -> tuple[set[str], list[str]]:
    """The options before the command, and the rest from the command on."""
    known = {*OPTIONS, "-h", "--help"}
    for index, word in enumerate(argv):
        if word not in known:
            return set(argv[:index]), list(argv[index:])
    return set(argv), []


def _run(name: str, words: Sequence[str]) -> int:
    if name not in COMMANDS:
        raise Failure(BAD_INPUT, f"./lab has no command {name!r}", "./lab --help lists them")
    if name not in WITHOUT_CHECKOUT and not is_checkout():
        raise Failure(
            UNABLE,
            f"{name} needs isolab's repository; this is its wheel, for lab files alone",
            f"clone the repository, and run ./lab {name} there",
        )
    command = _command(name)
    parser = argparse.ArgumentParser(prog=f"./lab {name}", description=_sentence(command.HELP))
    command.configure(parser)
    given, inner = list(words), list[str]()
    if getattr(command, "TAKES_COMMAND", False) and "--" in given:
        border = given.index("--")
        given, inner = given[:border], given[border + 1 :]
    return command.run(parser.parse_args(given, argparse.Namespace(command=inner)))


def all_commands(program: str) -> argparse.ArgumentParser:
    """One parser with every command, for who describes the command line instead of running it."""
    parser = argparse.ArgumentParser(prog=program)
    for option, what in OPTIONS.items():
        parser.add_argument(option, action="store_true", help=what)
    commands = parser.add_subparsers(metavar="COMMAND")
    for name in COMMANDS:
        command = _command(name)
        command.configure(commands.add_parser(name, help=command.HELP))
    return parser


def version() -> str:
    """isolab's own: of pyproject.toml, or of the wheel that was made with it."""
    import tomllib
    from importlib import metadata

    from machine import paths

    if not is_checkout():
        return metadata.version("isolab")
    project = tomllib.loads((paths.REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["version"]


def is_checkout() -> bool:
    """Whether this is the repository, and not an installed wheel."""
    return (Path(__file__).parents[2] / "lab").is_file()


def _command(name: str) -> Command:
    return cast(Command, importlib.import_module(f"isolab.cli.commands.{name}"))


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {_command(name).HELP}" for name in COMMANDS]
    return "\n".join(
        [
            f"usage: {USAGE}",
            "",
            "Labs of hosts, guests and services in containers, from one file.",
            "",
            *lines,
            "",
            *(f"  {option:9}  {what}" for option, what in OPTIONS.items()),
            "",
            "./lab COMMAND --help describes a command. Exit codes: 0 done; 1 failed;",
            "2 bad input, nothing changed; 3 this machine lacks something.",
        ]
    )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _report(error: Exception, *, debug: bool) -> None:
    if debug:
        traceback.print_exception(error)
        return
    words = visible(str(error) or type(error).__name__, keep="\n\t")
    print(f"error: {words}", file=sys.stderr)
    if not isinstance(error, Failure):
        print("  ./lab --debug … shows the trace", file=sys.stderr)
