"""`lab env`: the variables with which plain `pulumi` does what `./lab` does."""

import argparse
import os
import shlex

from machine import environment

NAME = "env"
HELP = 'print the environment for plain pulumi: eval "$(./lab env)"'


def configure(parser: argparse.ArgumentParser) -> None:
    """It has no arguments."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Print what a shell evaluates."""
    del arguments
    for name, value in environment.pulumi_environment().items():
        if os.environ.get(name) != value:
            print(f"export {name}={shlex.quote(value)}")
    return 0
