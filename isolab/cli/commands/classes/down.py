"""`./lab class down`: the end of a class."""

import argparse

from isolab.cli.commands.classes.create import AT_ONCE
from isolab.cli.context import consent, each_stack
from isolab.cli.errors import BAD_INPUT, DONE, FAILED, Failure
from isolab.labfile.syntax.node import did_you_mean
from machine.deployment import classes
from machine.deployment.classes import Class

NAME = "down"


def configure(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the part's arguments."""
    parser = what.add_parser(NAME, help="remove all stacks of a class, with their data")
    parser.add_argument("name", metavar="NAME", help="the class")
    parser.add_argument("--yes", action="store_true", help="remove them without asking")
    parser.set_defaults(part=run)


def run(arguments: argparse.Namespace) -> int:
    """Ask once, then a few at a time."""
    going = _known(arguments.name)
    _ask(going, accepted=arguments.yes)
    failed = each_stack.run({name: ["down", name, "--yes"] for name in going.stacks}, AT_ONCE)
    if failed:
        raise Failure(
            FAILED,
            f"{len(failed)} of {len(going.stacks)} stacks were not removed: {', '.join(failed)}",
            f"the same command tries them again; logs: {each_stack.log('STACK')}",
        )
    for name in going.stacks:
        each_stack.log(name).unlink(missing_ok=True)
    classes.forget(going.name)
    print(f"class {going.name} is down: {len(going.stacks)} stacks were removed")
    return DONE


def _known(name: str) -> Class:
    found = classes.read(name)
    if found is None:
        there = classes.names()
        listed = f"there are: {', '.join(there)}" if there else "./lab class create begins one"
        raise Failure(BAD_INPUT, f"there is no class {name!r}", did_you_mean(name, there) or listed)
    return found


def _ask(going: Class, *, accepted: bool) -> None:
    if accepted:
        return
    what = f"all {len(going.stacks)} stacks of class {going.name} and their data"
    consent.typed_yes(
        f"Remove {what}?",
        "./lab class status shows the progress of learners",
        unattended=Failure(
            BAD_INPUT,
            f"without your consent, class down does not remove {what}; nothing was changed",
            "--yes removes without asking",
        ),
    )
