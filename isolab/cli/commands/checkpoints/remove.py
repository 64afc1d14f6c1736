"""`./lab checkpoint remove`: a checkpoint's end."""

import argparse

from isolab.cli.commands.checkpoints.named import checkpoint
from isolab.cli.context import engine, stack
from isolab.cli.errors import DONE
from isolab.units import size_words
from machine.deployment import checkpoints

NAME = "remove"


def configure(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the part's arguments."""
    parser = what.add_parser(NAME, help="remove a checkpoint; the lab is left alone")
    parser.add_argument("name", metavar="NAME", help="the checkpoint")
    stack.add_option(parser)
    parser.set_defaults(part=run)


def run(arguments: argparse.Namespace) -> int:
    """One that a restore has begun to take back is needed until that is through."""
    name = stack.name(arguments)
    with engine.alone(name, "checkpoint remove"):
        going = checkpoint(name, arguments.name)
        if checkpoints.half_restored(name) == going.name:
            engine.nothing_half_restored(name)
        size = size_words(going.size)
        checkpoints.remove(going)
    print(f"removed checkpoint {going.name} of stack {name}: {size}")
    return DONE
