"""`./lab diff`: what the lab file changes, from plans alone: no engine, no machine."""

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path

from isolab.architecture.diff import diff
from isolab.cli import changes, stack
from isolab.cli.errors import BAD_INPUT, DONE, UNABLE, Failure
from isolab.plan import serialize
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
    from machine.deployment import config
    from machine.stack import lab_file, surroundings

    known = config.read(name)
    around = surroundings(name, known.cidr if known else None)
    if arguments.old:
        old = _planned(arguments.old, around)
    else:
        old = deployed(name)
        if old is not None:
            # Whether KVM works was found out at the up; looking again is for the next one.
            around = replace(around, kvm=old.kvm)
    return old, _planned(arguments.new or lab_file(stack.target(arguments).lab), around)


def _planned(file: Path, around: Surroundings) -> Plan:
    planned = plan_file(file, os.environ, around)
    if isinstance(planned, Plan):
        return planned
    raise Failure(BAD_INPUT, "\n".join(map(str, planned)))


def deployed(name: str) -> Plan | None:
    """The plan that the stack was brought up with; None where it is down."""
    from machine.deployment import state

    text = _state(name)
    plan = state.parse(text).plan if text else ""
    try:
        return serialize.loads(plan) if plan else None
    except ValueError as error:
        raise Failure(
            UNABLE, f"the deployed plan of {name} cannot be read: {error}", "./lab up renews it"
        ) from error


def _state(name: str) -> str:
    """The stack's state: the file backend's file, or what the engine exports from another one."""
    from machine import environment, paths
    from machine.deployment import state
    from machine.deployment.engine import Engine

    variables = environment.pulumi_environment()
    backend = variables.get("PULUMI_BACKEND_URL") or os.environ["PULUMI_BACKEND_URL"]
    file = state.file(backend, name)
    if file is not None:
        return file.read_text() if file.exists() else ""
    engine = Engine({**os.environ, **variables}, paths.logs() / "engine.log")
    return engine.ask("stack", "export", "--stack", name)
