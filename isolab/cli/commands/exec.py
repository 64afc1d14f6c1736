"""`./lab exec`: run a command in a service's container."""

import argparse
import os
import sys

from isolab.cli.context import deployed, stack

NAME = "exec"
HELP = "run a command in a service's container"
TAKES_COMMAND = True


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.usage = "./lab exec [--stack STACK] [--replica N] SERVICE [-- COMMAND …]"
    parser.add_argument("service", metavar="SERVICE", help="its name in the lab file")
    parser.add_argument(
        "--replica", type=int, metavar="N", help="number of the replica (default: the first)"
    )
    stack.add_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Become ssh, which becomes docker exec; without a command it is a shell."""
    plan = deployed.required(stack.name(arguments))
    container = deployed.replica(plan, arguments.service, arguments.replica)
    command: list[str] = arguments.command or ["sh"]
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    argv = deployed.into_container(plan, container).argv(command, terminal=terminal)
    os.execvp(argv[0], argv)
