"""`./lab down`: removes all that a stack made, and says what it left."""

import argparse
import time
from collections.abc import Sequence
from contextlib import suppress

from isolab.cli.context import consent, copies, deployed, engine, stack
from isolab.cli.errors import BAD_INPUT, DONE, FAILED, INTERRUPTED, Failure
from isolab.diff.change import Loss
from isolab.diff.disks import StandingDisk, all_of
from isolab.units import size_words
from machine.deployment import checkpoints, config, leftovers
from machine.deployment.control import StackControl
from machine.deployment.engine import EngineError
from machine.deployment.leftovers import Remains
from machine.deployment.state import State

NAME = "down"
HELP = "remove everything that a stack created"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    stack.add_argument(parser)
    parser.add_argument(
        "--keep-data", action="store_true", help="keep the data disks for the next up"
    )
    parser.add_argument("--yes", action="store_true", help="remove without asking")


def run(arguments: argparse.Namespace) -> int:
    """Let the engine remove it; where that fails, remove it directly."""
    name = stack.name(arguments)
    with engine.alone(name, NAME):
        return _run(arguments, name)


def _run(arguments: argparse.Namespace, name: str) -> int:
    begin = time.monotonic()
    if config.read(name) is None and not _is_known(name):
        print(f"stack {name} is already down: nothing of it exists")
        return DONE
    control = engine.opened(name)
    if arguments.keep_data:
        engine.nothing_half_restored(name)
    _ask(control, keep_data=arguments.keep_data, accepted=arguments.yes)
    engine.recovered(control)
    known = control.state()
    keep = retained_with_data(known) if known and arguments.keep_data else frozenset[str]()
    if known and any(r.urn not in keep for r in known.resources):
        _destroy(control, known, keep)
        _remove_images(control, known)
    if keep:
        disks = (
            ", ".join(r.name for r in known.of_type(leftovers.VOLUME) if r.urn in keep)
            if known
            else ""
        )
        print(f"stack {name} is down; left: {disks}, and its configuration for the next up")
        print("  ./lab down without --keep-data removes them too")
    else:
        _nothing_stands(control)
        if known:
            control.forget()
        config.file(name).unlink(missing_ok=True)
        print(f"stack {name} is down; nothing of it is left ({time.monotonic() - begin:.1f} s)")
    return DONE


def going(disks: Sequence[StandingDisk], *, keep_data: bool) -> tuple[Loss, ...]:
    """The volumes that go with the lab."""
    gone = [disk for disk in disks if not (keep_data and disk.is_data)]
    return tuple(loss for d in gone for loss in all_of(d, f"on {d.name}, which is removed"))


def _ask(control: StackControl, *, keep_data: bool, accepted: bool) -> None:
    """Whoever takes a lab down agrees to it; --keep-data does where no volume goes with it."""
    known = control.state()
    things = [r for r in known.resources if not (r.is_component or r.is_provider)] if known else []
    saved = () if keep_data else checkpoints.of(control.stack)
    if accepted or not (things or saved):
        return
    plan, disks = deployed.standing(control)
    on_roots = copies.of_lab(plan, "it is on its guest's root disk, which is removed")
    written = copies.without_untouched(on_roots, plan)
    lost = (*going(disks, keep_data=keep_data), *written)
    if keep_data and not lost:
        return
    consent.tell(lost)
    what = (
        f"its data: {consent.named(lost)}"
        if lost
        else "everything that it created; no volume holds data"
    )
    if saved:
        size = size_words(sum(each.size for each in saved))
        what += f"; its checkpoints: {', '.join(each.name for each in saved)} ({size})"
    keeps = "" if keep_data else "--keep-data keeps the data disks, "
    consent.typed_yes(
        f"Remove stack {control.stack} and {what}?",
        "--keep-data keeps data disks",
        unattended=Failure(
            BAD_INPUT,
            f"without your consent, down does not remove stack {control.stack} and {what}; "
            "nothing was changed",
            f"{keeps}--yes removes without asking",
        ),
    )


def retained_with_data(known: State) -> frozenset[str]:
    """The data disks, and what they need to stay known: their pool, provider and parents."""
    by_urn = {resource.urn: resource for resource in known.resources}
    disks = [r for r in known.of_type(leftovers.VOLUME) if r.urn.endswith("-data")]
    if not disks:
        return frozenset()
    names = {disk.inputs.get("pool") for disk in disks}
    pools = [pool for pool in known.of_type(leftovers.POOL) if pool.name in names]
    keep: set[str] = set()
    ahead = [resource.urn for resource in (*disks, *pools)]
    while ahead:
        urn = ahead.pop()
        if urn in by_urn and urn not in keep:
            keep.add(urn)
            provider = by_urn[urn].provider.rpartition("::")[0]
            ahead += [by_urn[urn].parent, provider]
    return frozenset(keep)


def _destroy(control: StackControl, known: State, keep: frozenset[str]) -> None:
    plan = control.plan(known)
    guests = [guest.name for guest in plan.guests] if plan else []
    progress, outcome = engine.run(lambda o: control.destroy(o, keep), guests)
    if outcome.code == 0:
        return
    if outcome.interrupts:
        raise Failure(INTERRUPTED, "down was interrupted", "run ./lab down again to continue")
    engine.say(f"the engine could not remove everything:\n{engine.complaint(progress, outcome)}")
    engine.say("removing what is left of the stack directly, by its exact names")
    left = control.state()
    if left is None:
        return
    going = [resource for resource in left.resources if resource.urn not in keep]
    # What is in a guest goes with the guest's disks.
    own = [resource for resource in going if not _in_a_guest(left, resource.urn)]
    try:
        for what in control.remove(own, left):
            engine.say(f"  removed {what}")
        control.drop([resource.urn for resource in going])
    except (Remains, EngineError) as error:
        raise Failure(
            FAILED,
            f"not all of stack {control.stack} could be removed: {error}",
            "remove it by hand, then run ./lab down again",
        ) from error


def _remove_images(control: StackControl, known: State) -> None:
    """What the host's Docker pulled for the lab: several of its containers may have shared it."""
    plan = control.plan(known)
    # A Docker that cannot be asked is told of by what follows.
    with suppress(Remains):
        if plan:
            leftovers.remove_images(f"127.0.0.1:{plan.registry.loopback_port}")


def _nothing_stands(control: StackControl) -> None:
    """The seed and the keys go last: without them nobody gets into what stands."""
    where = f"its configuration and keys are retained: {config.file(control.stack)}"
    try:
        left = control.standing()
    except Remains as unknown:
        raise Failure(
            FAILED,
            f"it is unknown whether anything of stack {control.stack} still exists: {unknown}",
            f"{where}; run ./lab down again when libvirt and Docker answer",
        ) from unknown
    if left:
        raise Failure(
            FAILED,
            f"stack {control.stack} has no state, but these still exist: {', '.join(left)}",
            f"{where}; if up ran with another backend or ISOLAB_HOME, run down with the same",
        )


def _in_a_guest(known: State, urn: str) -> bool:
    resource = next(r for r in known.resources if r.urn == urn)
    return bool(known.guest_of(resource)) and resource.type not in leftovers.LIBVIRT


def _is_known(name: str) -> bool:
    from machine.engine import pulumi_cli as program

    return program.executable() is not None and StackControl(name).state() is not None
