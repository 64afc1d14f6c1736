"""`./lab checkpoint restore`: a lab's disks as they were when a checkpoint was saved."""

import argparse
import time

from isolab.cli.commands.checkpoints.named import checkpoint
from isolab.cli.context import consent, deployed, engine, live, stack
from isolab.cli.errors import BAD_INPUT, DONE, FAILED, Failure
from isolab.plan.model import Plan
from machine.deployment import checkpoints, state
from machine.deployment.checkpoints import Checkpoint
from machine.deployment.control import StackControl
from machine.deployment.volumes import Volumes

NAME = "restore"


def configure(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the part's arguments."""
    parser = what.add_parser(
        NAME, help="replace the guests' disks by those of a checkpoint, and start the guests"
    )
    parser.add_argument("name", metavar="NAME", help="the checkpoint")
    stack.add_option(parser)
    parser.add_argument("--yes", action="store_true", help="lose later data without asking")
    parser.set_defaults(part=run)


def run(arguments: argparse.Namespace) -> int:
    """The engine knows afterwards what it knew then, so an up finds nothing to do."""
    begin = time.monotonic()
    name = stack.name(arguments)
    wanted = checkpoint(name, arguments.name)
    with engine.alone(name, "checkpoint restore"):
        plan = deployed.required(name)
        control = engine.opened(name)
        engine.recovered(control)
        _check(control, wanted)
        _ask(wanted, accepted=arguments.yes)
        _restore(control, plan, wanted)
        _start(control, plan)
    print(f"restored checkpoint {wanted.name} of stack {name} ({time.monotonic() - begin:.1f} s)")
    return DONE


def _check(control: StackControl, wanted: Checkpoint) -> None:
    known = control.state()
    assert known is not None, "a stack that is up has a state"
    created = checkpoints.another(state.parse(wanted.state), known)
    if created:
        raise Failure(
            FAILED,
            f"checkpoint {wanted.name} of stack {wanted.stack} does not fit any more: "
            f"{created} was created, replaced or removed since; nothing was changed",
            "a checkpoint fits as long as guests, networks and balancers are those of then",
        )
    missing = wanted.incomplete()
    if missing:
        raise Failure(
            FAILED,
            f"checkpoint {wanted.name} is incomplete: its copy of {missing} is missing or cut off; "
            "nothing was changed",
            f"look at {wanted.folder}",
        )


def _ask(wanted: Checkpoint, *, accepted: bool) -> None:
    if accepted:
        return
    guests = ", ".join(sorted({disk.guest for disk in wanted.disks}))
    lost = f"everything that guests {guests} have written since {wanted.at}"
    consent.typed_yes(
        f"Lose {lost}?",
        "./lab checkpoint save saves the present state first",
        unattended=Failure(
            BAD_INPUT,
            f"this restore loses {lost}; nothing was changed",
            "--yes agrees to the loss",
        ),
    )


def _restore(control: StackControl, plan: Plan, wanted: Checkpoint) -> None:
    volumes = Volumes(uri=plan.libvirt)
    with checkpoints.restoring(wanted):
        volumes.stop(wanted.domains)
        for disk in wanted.disks:
            engine.say(f"{disk.guest}: restoring {disk.volume}")
            volumes.restore(disk.pool, disk.volume, wanted.folder / disk.volume)
        control.take_back(wanted.state)
    volumes.start(wanted.domains)


def _start(control: StackControl, before: Plan) -> None:
    """What runs by itself at a boot, and what lies still then."""
    plan = control.plan(control.state()) or before
    engine.say("waiting for the guests and their containers to start")
    for guest in live.wait_until_reached(plan):
        engine.say(f"{guest}: its Docker does not answer after {live.WAIT} s")
    control.start(control.drifted(), engine.say)
    live.until_healthy(plan, "./lab up repairs what is not as the lab file says")
