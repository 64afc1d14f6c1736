"""`./lab checkpoint`: a lab's disks of one moment, saved on this machine and taken back."""

import argparse

from isolab.cli.commands.checkpoints import listing, remove, restore, save

NAME = "checkpoint"
HELP = "save a lab's disks, list what was saved, restore it, remove it"
PARTS = (save, listing, restore, remove)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    for part in PARTS:
        part.configure(what)


def run(arguments: argparse.Namespace) -> int:
    """What the part does."""
    return arguments.part(arguments)
