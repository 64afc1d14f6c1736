"""`./lab checkpoint save`: what a lab's guests have on their disks at this moment."""

import argparse
import re
import time
from datetime import datetime

from isolab.cli.context import deployed, engine, stack
from isolab.cli.errors import BAD_INPUT, DONE, UNABLE, Failure
from isolab.labfile.names import NAME as NAMES
from isolab.plan.model import Plan
from isolab.transport import Unreachable
from isolab.units import size_words
from machine.deployment import checkpoints
from machine.deployment.checkpoints import Checkpoint, Disk
from machine.deployment.control import StackControl
from machine.deployment.volumes import Volumes
from machine.host import looking

NAME = "save"


def configure(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the part's arguments."""
    parser = what.add_parser(NAME, help="pause the guests, copy their disks, let them go on")
    parser.add_argument("name", metavar="NAME", help="what to call it")
    stack.add_option(parser)
    parser.set_defaults(part=run)


def run(arguments: argparse.Namespace) -> int:
    """All guests stand still together; each disk is as after a power cut at that moment."""
    name = stack.name(arguments)
    _check_name(name, arguments.name)
    with engine.alone(name, "checkpoint save"):
        plan = deployed.required(name)
        control = engine.opened(name)
        engine.nothing_half_restored(name)
        engine.recovered(control)
        saved = _saved(control, plan, arguments.name)
    print(
        f"saved checkpoint {saved.name} of stack {name}: {size_words(saved.size)}; "
        f"the guests were paused for {saved.paused:.1f} s"
    )
    return DONE


def _check_name(of: str, name: str) -> None:
    if not re.fullmatch(NAMES, name):
        raise Failure(
            BAD_INPUT,
            f"{name!r} is not a valid name for a checkpoint",
            "small letters, digits and hyphens, at most 40, no hyphen at either end",
        )
    if name in {known.name for known in checkpoints.of(of)}:
        raise Failure(
            BAD_INPUT,
            f"stack {of} has a checkpoint {name} already",
            f"take another name, or remove it: ./lab checkpoint remove {name} --stack {of}",
        )


def _saved(control: StackControl, plan: Plan, name: str) -> Checkpoint:
    known = control.state()
    assert known is not None, "a stack that is up has a state"
    volumes = Volumes(uri=plan.libvirt)
    disks = checkpoints.disks_of(known)
    _check_room(volumes, disks)
    _sync(plan)
    domains = tuple(guest.domain for guest in plan.guests)
    with checkpoints.new(control.stack, name) as folder:
        exported = control.export()
        begin = time.monotonic()
        with volumes.paused(domains):
            for disk in disks:
                engine.say(f"{disk.guest}: copying {disk.volume}")
                volumes.save(disk.pool, disk.volume, folder / disk.volume)
        saved = Checkpoint(
            stack=control.stack,
            name=name,
            at=datetime.now().astimezone().isoformat(timespec="seconds"),
            paused=round(time.monotonic() - begin, 1),
            disks=disks,
            sizes=tuple((folder / disk.volume).stat().st_size for disk in disks),
            domains=domains,
        )
        checkpoints.finish(folder, saved, exported)
    return saved


def _check_room(volumes: Volumes, disks: tuple[Disk, ...]) -> None:
    needed = sum(volumes.allocation(disk.pool, disk.volume) for disk in disks)
    place = checkpoints.folder("")
    free = looking.free_below(place)
    if needed > free:
        raise Failure(
            UNABLE,
            f"the disks take {size_words(needed)}, but {place} has only {size_words(free)} free",
            "./lab checkpoint list shows what could go",
        )


def _sync(plan: Plan) -> None:
    """What programs wrote is then on the disks; a guest that does not answer is saved as it is."""
    for guest in plan.guests:
        try:
            deployed.into_guest(plan, guest).run(["sync"])
        except Unreachable as silent:
            engine.say(f"{silent}: saved as it is")
