"""Which stack a command is about, and the lab file behind it."""

import argparse
import os
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from isolab.cli.errors import BAD_INPUT, Failure
from isolab.labfile.names import STACK_NAME
from isolab.model import Lab
from isolab.plan.model import Plan, Surroundings

if TYPE_CHECKING:
    from isolab.plan.read import Examined

DEFAULT = "reference"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A stack and its lab."""

    stack: str
    lab: str
    """As in the stack's configuration: the lab file's name, or its path."""


def add_argument(parser: argparse.ArgumentParser) -> None:
    """The stack as the command's one argument, or as an option like everywhere."""
    parser.add_argument(
        "positional", nargs="?", metavar="STACK", help=f"the stack (default: {DEFAULT})"
    )
    add_option(parser)


def add_option(parser: argparse.ArgumentParser) -> None:
    """The stack as an option, for commands with another argument."""
    parser.add_argument("--stack", metavar="STACK", help=f"the stack (default: {DEFAULT})")


def name(arguments: argparse.Namespace) -> str:
    """The stack that the arguments name."""
    return checked(arguments.stack or getattr(arguments, "positional", None) or DEFAULT)


def is_named(arguments: argparse.Namespace) -> bool:
    """Whether the arguments say which stack is meant."""
    return bool(arguments.stack or getattr(arguments, "positional", None))


def target(arguments: argparse.Namespace) -> Target:
    """The stack and the lab that it has, or would get."""
    return target_of(name(arguments))


def target_of(stack: str) -> Target:
    """The same for a stack that is not an argument by itself."""
    from machine.deployment import config

    known = config.read(stack)
    return Target(stack=stack, lab=(known and known.lab) or _namesake(stack))


def target_of_up(arguments: argparse.Namespace) -> Target:
    """As `target`, but the argument of `up` is the lab where --stack names the stack."""
    from machine.deployment import config

    lab: str | None = arguments.positional
    if lab is None:
        return target(arguments)
    stack = checked(arguments.stack or Path(lab).stem)
    known = config.read(stack)
    if arguments.stack is None and known and known.lab and not is_path(lab):
        return Target(stack=stack, lab=known.lab)
    return Target(stack=stack, lab=str(Path(lab).resolve()) if is_path(lab) else lab)


def checked_plan(target: Target) -> tuple[Plan, bool]:
    """The plan as far as the lab file alone gives it, and whether it leaves the subnet open.

    A broken lab file ends the command, with all its problems, before anything was touched.
    """
    from machine.stack import lab_file

    examined, open_subnet = _examined(target)
    for problem in (*examined.errors, *examined.warnings):
        print(problem, file=sys.stderr)
    if examined.plan is None:
        count = f"{len(examined.errors)} problem{'s' if len(examined.errors) > 1 else ''}"
        raise Failure(BAD_INPUT, f"{count} in {lab_file(target.lab).name}; nothing was changed")
    return examined.plan, open_subnet


def plan_to_look_at(target: Target) -> Plan | None:
    """The same for who builds nothing: without a word on what this machine makes of it."""
    return _examined(target)[0].plan


def _examined(target: Target) -> tuple["Examined", bool]:
    from isolab import labfile
    from isolab.plan.read import Examined
    from machine.deployment import config
    from machine.host import looking
    from machine.stack import examine_on_host, lab_file

    known = config.read(target.stack)
    path = lab_file(target.lab)
    if not path.exists():
        raise Failure(BAD_INPUT, f"there is no lab file {path}", "its name is the argument of up")
    lab = labfile.load(path, os.environ)
    if not isinstance(lab, Lab):
        examined = Examined(plan=None, errors=lab)
    else:
        around = Surroundings(
            stack=target.stack,
            cidr=known.cidr if known else None,
            machine=replace(
                looking.machine(target.stack, lab.host.libvirt, config.reserved(target.stack)),
                has_subnet=bool(known and known.cidr),
            ),
        )
        examined = examine_on_host(lab, around)
    return examined, isinstance(lab, Lab) and lab.cidr is None


def _namesake(stack: str) -> str:
    """The lab file with the stack's name; the default one where there is none."""
    from machine.stack import lab_file

    return stack if lab_file(stack).exists() else DEFAULT


def is_path(lab: str) -> bool:
    """Whether a word names a lab file by its path."""
    return lab.endswith((".yaml", ".yml"))


def is_name(word: str) -> bool:
    """Whether a stack can have this name."""
    return re.fullmatch(STACK_NAME, word) is not None


def checked(stack: str) -> str:
    """The stack's name, if it can be one."""
    if not is_name(stack):
        raise Failure(
            BAD_INPUT,
            f"{stack!r} cannot be a stack's name",
            "use small letters, digits and -, at most 32 of them",
        )
    return stack
