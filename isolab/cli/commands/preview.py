"""`./lab preview`: what the engine would do, told by layer, with the blast radius."""

import argparse
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from isolab.cli.commands.diff import add_formats, told
from isolab.cli.context import consent, deployed, engine, outside, stack
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.cli.output import layers, operations
from isolab.cli.output.progress import Progress
from isolab.diff.compare import diff
from isolab.plan.model import Plan
from machine import durations, keys
from machine import stack as machine_stack
from machine.deployment import config
from machine.deployment.control import StackControl
from machine.deployment.engine import Outcome
from machine.deployment.events import Done, Step

NAME = "preview"
HELP = "show what `up` would change, according to the engine, with the blast radius"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    stack.add_argument(parser)
    parser.add_argument(
        "--to", type=Path, metavar="FILE", help="use this lab file, not the stack's"
    )
    add_formats(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask the engine; nothing is changed, and a stack that was not there is not there after it."""
    target = stack.target(arguments)
    plan, subnet_open = stack.checked_plan(target)
    engine.with_plugins()
    engine.built(target.lab)
    control = engine.opened(target.stack)
    with _known(control, target, subnet_open):
        return _run(arguments, target, plan, control)


@contextmanager
def _known(control: StackControl, target: stack.Target, subnet_open: bool) -> Iterator[None]:
    """The engine previews only what it knows; a stack that it did not know it forgets again."""
    before = config.read(target.stack)
    if before and before.seeded:
        control.ensure(target.lab, choose_cidr=subnet_open)
        yield
        return
    # An up that makes the seed at the same time would make another one.
    with engine.alone(target.stack, NAME):
        new = config.read(target.stack) is None and not keys.folder(target.stack).exists()
        new = new and control.state() is None
        try:
            control.ensure(target.lab, choose_cidr=subnet_open)
            yield
        finally:
            if new:
                control.forget()


def _run(
    arguments: argparse.Namespace, target: stack.Target, plan: Plan, control: StackControl
) -> int:
    known_config = config.read(target.stack)
    cidr = known_config.cidr if known_config else None
    lab = str(arguments.to.resolve()) if arguments.to else target.lab
    new = _planned(target.stack, lab, cidr)
    outside.tell(new)
    old = deployed.find(target.stack)
    consent.same_libvirt(old, new)
    guests = sorted({guest.name for each in (plan, new, old) if each for guest in each.guests})
    progress, outcome = Progress(guests, stream=io.StringIO()), Outcome()
    steps: list[Step] = []
    engine.say(f"asking the engine about stack {target.stack}")
    for event in control.preview(outcome, lab if arguments.to else None):
        progress.tell(event)
        if isinstance(event, Done):
            steps.append(event.step)
            _stream(event.step, guests)
    engine.fail_unless_done("preview", "nothing was changed", progress, outcome, control)
    key = keys.fingerprint_key(target.stack)
    told_by_plans = diff(old, new, durations.read(kvm=new.kvm), key=key)
    found = operations.changes(steps, told_by_plans, old, new)
    repairs = [str(found) for found in control.drifted()]
    more = {"resources": operations.resources(steps, old, new), "repairs": repairs}
    print(*told(arguments.format, target.stack, found, old, new, more), sep="\n")
    if arguments.format == "text":
        print(*(f"! {repair}" for repair in repairs), sep="\n", end="\n" if repairs else "")
    counts = Counter(step.operation for step in steps if operations.is_change(step))
    if counts and arguments.format == "text":
        print("the engine: " + ", ".join(f"{n} {word}" for word, n in sorted(counts.items())))
    return DONE


def _planned(stack: str, lab: str, cidr: str | None) -> Plan:
    try:
        return machine_stack.plan(stack, lab, cidr).plan
    except machine_stack.BrokenLabFile as broken:
        raise Failure(BAD_INPUT, str(broken)) from broken


def _stream(step: Step, guests: Sequence[str]) -> None:
    """One operation as soon as the engine knows of it."""
    if operations.is_change(step) and not step.operation.endswith("replaced"):
        layer, what = (
            layers.layer(step.urn, step.parent, guests),
            layers.what(step.urn, step.parent),
        )
        engine.say(f"  {layer!s:18} {what:22} {step.operation.removeprefix('create-')}")
