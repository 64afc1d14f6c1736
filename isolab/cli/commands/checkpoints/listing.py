"""`./lab checkpoint list`: what was saved, when, and how much it takes."""

import argparse

from isolab.cli.context import stack
from isolab.cli.errors import DONE
from isolab.cli.output import document
from isolab.units import size_words
from machine.deployment import checkpoints
from machine.deployment.checkpoints import Checkpoint

NAME = "list"


def configure(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the part's arguments."""
    parser = what.add_parser(NAME, help="the checkpoints of a stack, or of all")
    stack.add_argument(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(part=run)


def run(arguments: argparse.Namespace) -> int:
    """The oldest first; without a stack, those of all."""
    named = (stack.name(arguments),) if stack.is_named(arguments) else checkpoints.stacks()
    found = [each for name in named for each in checkpoints.of(name)]
    if arguments.json:
        print(document.text({"checkpoints": [_content(each) for each in found]}))
    else:
        print(*([_line(each) for each in found] or ["there is no checkpoint"]), sep="\n")
    return DONE


def _line(each: Checkpoint) -> str:
    size, paused = size_words(each.size), f"paused {each.paused:.1f} s"
    return f"{each.stack:16} {each.name:16} {each.at}  {size:>12}  {paused}"


def _content(each: Checkpoint) -> dict[str, object]:
    return {
        "stack": each.stack,
        "name": each.name,
        "at": each.at,
        "size": each.size,
        "paused": each.paused,
        "guests": sorted({disk.guest for disk in each.disks}),
    }
