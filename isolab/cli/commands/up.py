"""`./lab up`: everything that is missing, then the lab."""

import argparse
import time
from collections.abc import Sequence

from isolab.cli.context import consent, engine, outside, reassign, stack
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.cli.output import summary
from isolab.cli.output.progress import Progress
from isolab.diff.disks import StandingDisk
from isolab.plan.model import Plan
from machine.deployment.control import StackControl

NAME = "up"
HELP = "install what is missing, then create or update the lab"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "positional",
        nargs="?",
        metavar="LAB",
        help="a name in stacks/, or a path to a lab file; also the stack, unless --stack is given",
    )
    stack.add_option(parser)
    parser.add_argument(
        "--refresh",
        action="store_true",
        help="refresh the state first, also that of the guests, and repair drift",
    )
    parser.add_argument(
        consent.FLAG, action="store_true", help="lose data of volumes without asking"
    )
    parser.add_argument("--yes", action="store_true", help="use sudo without asking")


def run(arguments: argparse.Namespace) -> int:
    """Set up, clear up, bring up, sum up."""
    target = stack.target_of_up(arguments)
    with engine.alone(target.stack, NAME):
        return _run(arguments, target)


def _run(arguments: argparse.Namespace, target: stack.Target) -> int:
    from machine import durations
    from machine.host import renew
    from machine.host.addresses import NoSubnetLeft
    from machine.setup import provision

    # The part of the set-up before it was started again counts.
    begin = renew.began()
    engine.nothing_half_restored(target.stack)
    plan, subnet_open = stack.checked_plan(target)
    outside.check(plan)
    guests = [guest.name for guest in plan.guests]
    old, disks = _standing(target.stack)
    consent.same_libvirt(old, plan)
    accepted: bool = arguments.accept_data_loss
    agreed = consent.ask(NAME, consent.lost_by(old, disks, plan), accepted=accepted)
    provision.prepare(engine.say, yes=arguments.yes)
    engine.built(target.lab)
    outside.bring(plan)
    # The set-up may have made another guest image, and with it another root disk.
    wanted = _as_on_this_machine(target)
    consent.ask(NAME, consent.lost_by(old, disks, wanted), accepted=accepted or agreed)
    ready = time.monotonic()
    control = engine.opened(target.stack)
    engine.recovered(control)
    try:
        control.ensure(target.lab, choose_cidr=subnet_open)
    except NoSubnetLeft as full:
        raise Failure(BAD_INPUT, str(full), "give the lab one: network.cidr") from full
    drifted = _start_drifted(control, guests)
    reassign.remove_holders(control, old, wanted, guests)
    engine.say(f"stack {target.stack} from lab {target.lab}")
    progress = _up(control, guests)
    deployed = control.plan(control.state()) or plan
    durations.keep(progress.durations, kvm=deployed.kvm)
    if drifted:
        _wait(control, deployed)
    if arguments.refresh:
        # Only now do all guests answer.
        looked, outcome = engine.run(lambda outcome: control.refresh(outcome, ()), guests)
        engine.fail_unless_done(
            "refresh", "./lab status shows the details", looked, outcome, control
        )
        progress = _up(control, guests)
    end = time.monotonic()
    times = {"setup": ready - begin, "total": end - begin}
    print(summary.of(deployed, progress, **times, restarted=drifted))
    return DONE


def _start_drifted(control: StackControl, guests: Sequence[str]) -> bool:
    """Start again what was stopped, have the engine look at what is gone; whether any was."""
    from isolab.cli.context import live

    drifted = control.drifted()
    left = control.start(drifted, engine.say)
    plan = control.plan(control.state())
    if plan and any(found.is_guest and found.resource not in left for found in drifted):
        engine.say("waiting for the guests to start")
        for guest in live.wait_until_reached(plan):
            engine.say(f"{guest}: its Docker does not answer after {live.WAIT} s")
        # What did not come back with its guest.
        again = control.drifted()
        left += control.start([s for s in again if s.resource not in left], engine.say)
    if left:
        engine.run(lambda outcome: control.refresh(outcome, [r.urn for r in left]), guests)
    return bool(drifted)


def _standing(name: str) -> tuple[Plan | None, tuple[StandingDisk, ...]]:
    from isolab.cli.context import deployed
    from machine.engine import pulumi_cli as engines

    return deployed.standing(StackControl(name)) if engines.executable() else (None, ())


def _as_on_this_machine(target: stack.Target) -> Plan:
    from machine import stack as machine_stack
    from machine.deployment import config

    known = config.read(target.stack)
    return machine_stack.plan(target.stack, target.lab, known.cidr if known else None).plan


def _up(control: StackControl, guests: Sequence[str]) -> Progress:
    progress, outcome = engine.run(control.up, guests)
    engine.fail_unless_done(
        "up", "run ./lab up again to continue; ./lab down removes it", progress, outcome, control
    )
    return progress


def _wait(control: StackControl, plan: Plan) -> None:
    """What was started again becomes healthy by itself."""
    from isolab.cli.context import live

    engine.say("waiting for the guests and their containers to start")
    # Docker forgets a start of seconds ago where its guest was recreated meanwhile.
    control.start(control.drifted(), engine.say)
    live.until_healthy(plan, "./lab status")
