"""`./lab image pull`: images from their registries, as these are now."""

import argparse

from isolab.cli.commands.images.listing import read
from isolab.cli.context import stack
from isolab.cli.context.engine import say
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.plan import images
from isolab.rules.docker import IMAGE

NAME = "pull"


def configure(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the part's arguments."""
    parser = what.add_parser(NAME, help="fetch images again if their registries have newer ones")
    parser.add_argument(
        "what",
        metavar="NAME|LAB",
        help="an image, or a lab: its images but for those that were added",
    )
    parser.set_defaults(part=run)


def run(arguments: argparse.Namespace) -> int:
    """Fetch them, and tell what changed."""
    from machine.images import outside, store
    from machine.stack import lab_file

    before = outside.recorded()
    given = arguments.what
    is_lab = stack.is_path(given) or lab_file(given).exists()
    names = _of_lab(given) if is_lab else [_one(given)]
    for name, row in store.pull(names, say).items():
        known = before.get(name)
        state = "new" if known is None else "same" if known.digest == row.digest else "changed"
        print(f"{name}  {row.digest}  {state}")
    return DONE


def _one(name: str) -> str:
    if not IMAGE.fullmatch(name) or not images.is_outside(name):
        raise Failure(
            BAD_INPUT,
            f"{name!r} is not the name of an image in a registry",
            "for example nginx:1.27",
        )
    return name


def _of_lab(lab: str) -> list[str]:
    """What somebody added means what was added, until it is named itself."""
    from machine.images import outside

    known = outside.recorded()
    return [
        name
        for name in outside.named(read(lab))
        if (full := images.full_name(name)) not in known or known[full].origin == "outside"
    ]
