"""`./lab ssh`: step into a guest."""

import argparse
import os
import sys

from isolab.cli.context import deployed, stack

NAME = "ssh"
HELP = "open a shell on a guest, or run a command there"
TAKES_COMMAND = True


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.usage = "./lab ssh [--stack STACK] GUEST [-- COMMAND …]"
    parser.add_argument("guest", metavar="GUEST", help="its name, such as app-1")
    stack.add_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Become ssh."""
    plan = deployed.required(stack.name(arguments))
    place = deployed.into_guest(plan, deployed.guest(plan, arguments.guest))
    words: list[str] = arguments.command
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    argv = place.shell_argv(words, terminal=terminal or not words)
    os.execvp(argv[0], argv)
