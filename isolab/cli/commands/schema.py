"""`./lab schema`: the JSON Schema of lab files, for editors."""

import argparse
import json

from isolab.cli.errors import DONE
from isolab.labfile.schema import schema

NAME = "schema"
HELP = "print the JSON Schema of lab files, for editors"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    print(json.dumps(schema(), indent=1, ensure_ascii=False))
    return DONE
