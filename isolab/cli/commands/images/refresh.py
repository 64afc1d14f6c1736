"""`./lab image refresh`: isolab's own images once more, from the packages that there are today."""

import argparse

from isolab.cli.context.engine import say
from isolab.cli.errors import DONE

NAME = "refresh"


def configure(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the part's arguments."""
    parser = what.add_parser(
        NAME, help="build isolab's own images again, from the packages that there are today"
    )
    parser.add_argument("--yes", action="store_true", help="use sudo without asking")
    parser.set_defaults(part=run)


def run(arguments: argparse.Namespace) -> int:
    """Build them, and tell what is new in each; no stack changes before its next up."""
    from machine.setup import provision

    for image in provision.refresh_images(say, yes=arguments.yes):
        print(f"{image.name:24} {image.before[:19] or 'not built':19} -> {image.after[:19]}")
        for change in image.packages:
            print(f"  {change}")
    print("no stack was changed: ./lab diff shows what the next ./lab up changes")
    return DONE
