"""`./lab class`: a stack for each learner on this machine, and how far they are."""

import argparse

from isolab.cli.commands.classes import create, down, status

NAME = "class"
HELP = "create a stack for each learner, remove them all, show their progress in lessons"
PARTS = (create, status, down)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    for part in PARTS:
        part.configure(what)


def run(arguments: argparse.Namespace) -> int:
    """What the part does."""
    return arguments.part(arguments)
