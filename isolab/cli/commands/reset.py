"""`./lab reset`: a guest or a service as the lab file says, whatever was done to it."""

import argparse
import time
from collections.abc import Sequence

from isolab.cli.context import consent, deployed, engine, live, stack
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.labfile.syntax.node import did_you_mean
from isolab.plan.model import Plan
from machine.deployment.control import StackControl

NAME = "reset"
HELP = "recreate a guest or a service as the lab file says; data disks are retained"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "what", nargs="*", metavar="GUEST or SERVICE", help="what to recreate (default: all guests)"
    )
    stack.add_option(parser)
    parser.add_argument(
        consent.FLAG, action="store_true", help="lose data of volumes without asking"
    )


def run(arguments: argparse.Namespace) -> int:
    """Containers of services are replaced; a guest gets a new root disk and all that was on it."""
    name = stack.name(arguments)
    with engine.alone(name, NAME):
        return _run(arguments, name)


def _run(arguments: argparse.Namespace, name: str) -> int:
    begin = time.monotonic()
    engine.nothing_half_restored(name)
    plan = deployed.required(name)
    guests, containers = chosen(plan, arguments.what)
    control = engine.opened(plan.stack)
    _ask(control, plan.stack, guests, accepted=arguments.accept_data_loss)
    engine.recovered(control)
    _look_again(control, plan, containers)
    urns = [*_roots(control, guests), *_containers(control, containers)]
    names = [guest.name for guest in plan.guests]
    progress, outcome = engine.run(lambda outcome: control.up_replacing(outcome, urns), names)
    engine.fail_unless_done("reset", "run ./lab up again to continue", progress, outcome, control)
    live.until_healthy(plan, "./lab status")
    made = ", ".join((*guests, *containers))
    print(f"recreated: {made} ({time.monotonic() - begin:.1f} s)")
    return DONE


def chosen(plan: Plan, words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Guests and containers that the words name; all guests where there are none.

    A container on a guest that is recreated is recreated with it.
    """
    guests = {guest.name for guest in plan.guests}
    services = {container.service for container in plan.containers}
    known = guests | services | {container.name for container in plan.containers}
    for word in words:
        if word not in known:
            hint = did_you_mean(word, known) or f"it has {', '.join(sorted(guests | services))}"
            raise Failure(BAD_INPUT, f"the lab has no guest or service {word!r}", hint)
    whole = guests & set(words) if words else guests
    parts = [
        container.name
        for container in plan.containers
        if {container.service, container.name} & set(words) and container.guest not in whole
    ]
    return tuple(sorted(whole)), tuple(parts)


def _ask(control: StackControl, name: str, guests: Sequence[str], *, accepted: bool) -> None:
    """The engine makes the whole lab as its file says by now: that may lose more than a root."""
    wanted, _ = stack.checked_plan(stack.target_of(name))
    old, disks = deployed.standing(control)
    consent.same_libvirt(old, wanted)
    consent.ask(NAME, consent.lost_by(old, disks, wanted, guests), accepted=accepted)


def _look_again(control: StackControl, plan: Plan, containers: Sequence[str]) -> None:
    """What is gone cannot be replaced: the engine has to see that first."""
    urns = [found.resource.urn for found in control.drifted()]
    urns += _containers(control, containers)
    if urns:
        names = [guest.name for guest in plan.guests]
        looked, outcome = engine.run(lambda outcome: control.refresh(outcome, urns), names)
        engine.fail_unless_done("reset", "./lab status shows the details", looked, outcome, control)


def _roots(control: StackControl, guests: Sequence[str]) -> list[str]:
    from machine.deployment import leftovers, state

    known = control.state()
    disks = known.of_type(leftovers.VOLUME) if known else ()
    # By the name in the program: libvirt's has more behind it where the lab adds to cloud-init.
    wanted = {f"{guest}-root" for guest in guests}
    return [disk.urn for disk in disks if state.urn_name(disk.urn) in wanted]


def _containers(control: StackControl, names: Sequence[str]) -> list[str]:
    from machine.deployment import leftovers

    known = control.state()
    return [r.urn for r in known.of_type(leftovers.CONTAINER) if r.name in names] if known else []
