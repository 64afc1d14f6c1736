"""`./lab preview`: what the engine would do, told by layer, with the blast radius."""

import argparse
import io
import json
from collections import Counter

from isolab.architecture.diff import diff
from isolab.cli import changes, engine, operations, stack
from isolab.cli.errors import DONE
from isolab.cli.progress import Progress
from isolab.plan import serialize
from isolab.plan.model import Plan
from machine import stack as machine_stack
from machine.deployment import config
from machine.deployment.engine import Outcome
from machine.deployment.events import Done, Step
from machine.deployment.state import State

NAME = "preview"
HELP = "what `up` would change, as the engine sees it, with the blast radius"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    stack.add_argument(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def run(arguments: argparse.Namespace) -> int:
    """Ask the engine; nothing is touched but the stack's own configuration, where it has none."""
    target = stack.target(arguments)
    plan, subnet_open = stack.checked_plan(target)
    control = engine.opened(target.stack)
    control.ensure(target.lab, choose_cidr=subnet_open)
    guests = [guest.name for guest in plan.guests]
    progress, outcome = Progress(guests, stream=io.StringIO()), Outcome()
    steps: list[Step] = []
    for event in control.preview(outcome):
        progress.tell(event)
        if isinstance(event, Done):
            steps.append(event.step)
    engine.fail_unless_done("preview", "nothing was changed", progress, outcome, control)
    known_config = config.read(target.stack)
    cidr = known_config.cidr if known_config else None
    new = machine_stack.plan(target.stack, target.lab, cidr).plan
    known = control.state()
    found = operations.changes(steps, diff(_deployed(known), new), new)
    if arguments.json:
        print(json.dumps(changes.as_json(target.stack, found), indent=1, ensure_ascii=False))
        return DONE
    print(*changes.as_text(found), sep="\n")
    counts = Counter(step.operation for step in steps if operations.is_change(step))
    if counts:
        print("the engine: " + ", ".join(f"{n} {word}" for word, n in sorted(counts.items())))
    return DONE


def _deployed(known: State | None) -> Plan | None:
    return serialize.loads(known.deployed) if known and known.deployed else None
