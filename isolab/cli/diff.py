"""`./lab diff`: what the lab file changes, from plans alone: no engine, no machine."""

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path

from isolab.architecture.diff import diff
from isolab.cli import changes, stack
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

NAME = "diff"
HELP = "what an edit of the lab file changes, with the blast radius; starts no engine"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    stack.add_argument(parser)
    parser.add_argument(
        "--from", dest="old", type=Path, metavar="FILE", help="a lab file, not what is deployed"
    )
    parser.add_argument(
        "--to", dest="new", type=Path, metavar="FILE", help="a lab file other than the stack's"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def run(arguments: argparse.Namespace) -> int:
    """Compare what is deployed with what the lab file says now."""
    name = stack.name(arguments)
    if arguments.old and arguments.new:
        around = Surroundings(stack=name)
        old, new = _planned(arguments.old, around), _planned(arguments.new, around)
    else:
        old, new = _deployed_and_now(arguments, name)
    found = diff(old, new)
    if arguments.json:
        print(json.dumps(changes.as_json(name, found), indent=1, ensure_ascii=False))
    else:
        print(*changes.as_text(found), sep="\n")
    return DONE


def _deployed_and_now(arguments: argparse.Namespace, name: str) -> tuple[Plan | None, Plan]:
    from isolab.cli import deployed
    from machine.deployment import config
    from machine.stack import lab_file, surroundings

    known = config.read(name)
    around = surroundings(name, known.cidr if known else None)
    if arguments.old:
        old = _planned(arguments.old, around)
    else:
        old = deployed.find(name)
        if old is not None:
            # Whether KVM works was found out at the up; looking again is for the next one.
            around = replace(around, kvm=old.kvm)
    return old, _planned(arguments.new or lab_file(stack.target(arguments).lab), around)


def _planned(file: Path, around: Surroundings) -> Plan:
    planned = plan_file(file, os.environ, around)
    if isinstance(planned, Plan):
        return planned
    raise Failure(BAD_INPUT, "\n".join(map(str, planned)))
