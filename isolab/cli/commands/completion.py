"""`./lab completion`: what a shell needs to complete commands and their options."""

import argparse
from pathlib import Path
from typing import Any, cast

from isolab.cli.errors import DONE

NAME = "completion"
HELP = 'print the completion of a shell: eval "$(./lab completion bash)"'
SHELLS = ("bash", "zsh", "fish")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def run(arguments: argparse.Namespace) -> int:
    """Print what the shell evaluates."""
    from isolab.cli import is_checkout

    print(script("lab" if is_checkout() else "isolab", arguments.shell))
    return DONE


def script(program: str, shell: str) -> str:
    """The completion of a program of this name, made from the commands' own arguments."""
    import shtab

    from isolab.cli import all_commands

    parser = all_commands(program)
    _mark_files(parser)
    return shtab.complete(parser, shell)


def _mark_files(parser: argparse.ArgumentParser) -> None:
    """Arguments that are paths complete to files."""
    import shtab

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            below = cast(dict[str, argparse.ArgumentParser], cast(Any, action).choices)
            for each in below.values():
                _mark_files(each)
        elif action.type is Path or "FILE" in str(action.metavar):
            setattr(action, "complete", shtab.FILE)  # noqa: B010 (argparse declares none)
