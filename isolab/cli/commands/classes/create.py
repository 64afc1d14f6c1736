"""`./lab class create`: a stack for each learner, as many as the machine holds."""

import argparse
import os
from pathlib import Path

from isolab import labfile
from isolab.cli.context import each_stack, stack
from isolab.cli.context.engine import say
from isolab.cli.errors import BAD_INPUT, DONE, FAILED, UNABLE, Failure
from isolab.model import Lab
from isolab.plan import capacity
from isolab.plan.model import Plan
from machine.deployment import classes, config
from machine.deployment.classes import Class

NAME = "create"
MOST = 99
AT_ONCE = 2
"""Stacks that come up at the same time: a boot wants a processor for itself."""


def configure(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the part's arguments."""
    parser = what.add_parser(NAME, help="bring up a stack for each learner")
    parser.add_argument("count", type=int, metavar="COUNT", help=f"how many, up to {MOST}")
    parser.add_argument(
        "--lab", default=stack.DEFAULT, metavar="LAB", help="a name in stacks/, or a lab file"
    )
    parser.add_argument(
        "--name", metavar="NAME", help="the class; its stacks are NAME-01, NAME-02 … (default: LAB)"
    )
    parser.add_argument(
        "--at-once", type=int, default=AT_ONCE, metavar="N", help="stacks that come up together"
    )
    parser.add_argument("--yes", action="store_true", help="use sudo without asking")
    parser.set_defaults(part=run)


def run(arguments: argparse.Namespace) -> int:
    """The first stack sets the machine up; the others follow, a few at a time."""
    if not 1 <= arguments.count <= MOST or arguments.at_once < 1:
        raise Failure(BAD_INPUT, f"COUNT is from 1 to {MOST}, and --at-once at least 1")
    lab: str = arguments.lab
    lab = str(Path(lab).resolve()) if stack.is_path(lab) else lab
    made = _named(arguments.name or Path(lab).stem, lab, arguments.count)
    new = [name for name in made.stacks if config.read(name) is None]
    plan, _ = stack.checked_plan(stack.Target(stack=made.stacks[0], lab=lab))
    if new:
        _check_room(plan, lab, len(new), made.name)
    classes.write(made)
    consent = ["--yes"] if arguments.yes else []
    words = {name: ["up", lab, "--stack", name, *consent] for name in made.stacks}
    _first(words.pop(made.stacks[0]))
    failed = each_stack.run(words, arguments.at_once)
    if failed:
        raise Failure(
            FAILED,
            f"{len(failed)} of {len(made.stacks)} stacks did not come up: {', '.join(failed)}",
            f"the same command tries them again; logs: {each_stack.log('STACK')}",
        )
    print(f"class {made.name}: {len(made.stacks)} stacks of lab {arguments.lab} are up")
    print(f"  ./lab status {made.stacks[0]} shows one, ./lab class status the progress of all")
    return DONE


def _named(name: str, lab: str, count: int) -> Class:
    stacks = tuple(stack.checked(f"{name}-{number:02}") for number in range(1, count + 1))
    known = classes.read(name)
    own = known.stacks if known else ()
    if known and known.lab != lab:
        raise Failure(
            BAD_INPUT,
            f"class {name} is of lab {known.lab}",
            f"--name gives this one another name, ./lab class down {name} removes that one",
        )
    others = [each for each in stacks if each not in own and config.read(each) is not None]
    if others:
        raise Failure(
            BAD_INPUT,
            f"stack {others[0]} exists and is not of class {name}; nothing was changed",
            "--name gives the class another name",
        )
    return Class(name=name, lab=lab, stacks=tuple(sorted({*own, *stacks})))


def _check_room(plan: Plan, lab: str, count: int, name: str) -> None:
    from machine.host import looking
    from machine.stack import lab_file

    read = labfile.load(lab_file(lab), os.environ)
    assert isinstance(read, Lab), "it was checked before"
    machine = looking.machine(plan.stack, read.host.libvirt, ())
    memory, disks = capacity.of_memory(plan, machine), capacity.of_disks(plan, machine)
    if memory.count < count:
        raise Failure(
            UNABLE,
            f"this machine has room for {memory.count} more of {count} stacks of class {name}: "
            f"{memory.because}; nothing was changed",
            "create fewer, or reduce guests.GROUP.memory in the lab file",
        )
    if disks.count < count:
        say(f"warning: only {disks.count} of {count} stacks have room to grow: {disks.because}")


def _first(words: list[str]) -> None:
    """With the terminal: the set-up may have a question."""
    from isolab.cli import main

    code = main(words)
    if code:
        raise Failure(code, "the first stack of the class did not come up; no other was begun")
