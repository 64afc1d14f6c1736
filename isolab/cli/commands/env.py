"""`lab env`: the variables with which plain `pulumi` does what `./lab` does."""

import argparse
import os
import shlex

from isolab.cli.context import stack
from machine.engine import environment

NAME = "env"
HELP = 'print the environment for plain pulumi: eval "$(./lab env)"'


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    stack.add_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what a shell evaluates."""
    variables = environment.pulumi_environment() | {"PULUMI_STACK": stack.name(arguments)}
    for name, value in variables.items():
        if os.environ.get(name) != value:
            print(f"export {name}={shlex.quote(value)}")
    return 0
