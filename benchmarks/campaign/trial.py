"""One fault, and whether the lab comes through it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.campaign import actions, inventory
from benchmarks.campaign.fault import DOWN, REMOVE, STATUS, UP, Fault
from benchmarks.campaign.inventory import Inventory
from benchmarks.campaign.lab import Lab
from benchmarks.campaign.verdict import Command, Observation, Outcome

EARLY = 24.0
"""Seconds of a first up in which nearly all is made; a guest that began to boot goes again."""


class Broken(Exception):
    """The lab did not come back; what follows would be measured on a broken one."""


@dataclass(kw_only=True, slots=True)
class References:
    """The lab without any fault: what there is of it, and how long its commands take."""

    absent: Inventory = field(default_factory=Inventory)
    standing: Inventory = field(default_factory=Inventory)
    retained: Inventory = field(default_factory=Inventory)
    seconds: dict[tuple[str, ...], float] = field(default_factory=dict[tuple[str, ...], float])
    """By the state that a command begins from and the command's words."""

    def of(self, fault: Fault) -> float:
        """Seconds that a fault's command takes without it; of a first up the part before a boot."""
        if fault.begins == "absent":
            return EARLY
        return self.seconds.get((fault.begins, *fault.words), 2.0)


def first_up(lab: Lab, references: References) -> None:
    """Bring the lab up, and measure it."""
    references.seconds["retained", *UP] = done(lab.run(*UP)).seconds
    lab.write()
    lab.change()
    references.seconds["standing", *UP] = done(lab.run(*UP)).seconds
    references.seconds["standing", *STATUS] = done(lab.run(*STATUS)).seconds
    references.standing = lab.things()


def down(lab: Lab, references: References) -> None:
    """Take it down without any fault; the first time that is measured."""
    command = done(lab.run(*DOWN))
    if not references.retained:
        references.seconds["standing", *DOWN] = command.seconds
        references.retained = lab.things()


def up_again(lab: Lab) -> None:
    """Bring it up without any fault."""
    done(lab.run(*UP))


def moments(fault: Fault, count: int, seconds: float) -> tuple[float, ...]:
    """When it happens, in seconds after the command's start."""
    if not fault.spread:
        return (seconds / 2,)
    return tuple(seconds * (number + 0.5) / count for number in range(count))


def order(faults: Sequence[Fault], count: int) -> list[tuple[Fault, int]]:
    """Each fault with the number of its point, so that a campaign that ends early has seen most.

    Those that cost no boot of the guest come first; of each the first point, then the second.
    """
    points = [(fault, n) for fault in faults for n in range(count if fault.spread else 1)]
    early = sorted(points, key=lambda each: (each[0].needs_boot, each[1]))
    return sorted(early, key=lambda each: each[0].begins != "absent")


def hold(lab: Lab, fault: Fault, at: float, references: References) -> Observation:
    """Let it happen, converge, and look."""
    if fault.begins == "standing":
        lab.write()
        if fault.words == UP:
            lab.change()
    if fault.first:
        fault.first(lab)
    running = lab.start(*fault.words, terminal=fault.terminal)
    beside: tuple[Command, ...] = ()
    happened: float | None = None
    if fault.beside:
        beside = (lab.run(*fault.beside),)
        happened = 0.0
    elif fault.first:
        happened = 0.0
    else:
        while not running.ended and time.monotonic() - running.begin < at:
            time.sleep(0.02)
        if not running.ended:
            fault.act(lab, running)
            happened = round(time.monotonic() - running.begin, 1)
    command = lab.finish(running)
    while lab.mends:
        lab.mends.pop()()
    if fault.first == actions.cut_state:
        actions.restore_state(lab, command.said)
    disturbed = (command, *beside)
    if fault.begins == "absent":
        outcome = gone((lab.run(*REMOVE),), lab, references)
    else:
        outcome = _back(lab, fault, disturbed, references)
    return Observation(
        fault=fault.name,
        what=fault.what,
        at=happened,
        commands=disturbed,
        refused=fault.refused,
        outcome=outcome,
    )


def _back(lab: Lab, fault: Fault, disturbed: Sequence[Command], references: References) -> Outcome:
    """The lab stands again, with its data."""
    converging: list[Command] = []
    left: list[str] = []
    missing: list[str] = []

    def compare(wanted: Inventory) -> Inventory:
        found = inventory.settled(lab.things, wanted)
        left.extend(inventory.more(found, wanted))
        missing.extend(inventory.more(wanted, found))
        return found

    if fault.words == DOWN and references.retained and not (fault.beside or fault.up_next):
        converging.append(lab.run(*DOWN))
        if not converging[-1].code:
            # What was told once is not told of each fault that follows.
            references.retained = compare(references.retained)
    converging += [lab.run(*UP), lab.run(*STATUS)]
    broken = any(command.code for command in converging[-2:])
    if broken and (lab.run(*UP).code or lab.run(*STATUS).code):
        words = "\n".join(command.said[-2000:] for command in (*disturbed, *converging))
        raise Broken(f"{fault.name}: {words}")
    references.standing = compare(references.standing)
    return Outcome(
        converging=tuple(converging),
        left=tuple(left),
        missing=tuple(missing),
        written=frozenset(lab.written),
        found=lab.read(),
    )


def gone(converging: tuple[Command, ...], lab: Lab, references: References) -> Outcome:
    """What is left where there should be nothing of the lab."""
    wanted = references.absent
    references.absent = inventory.settled(lab.things, wanted)
    return Outcome(
        converging=converging,
        left=inventory.more(references.absent, wanted),
        missing=inventory.more(wanted, references.absent),
    )


def done(command: Command) -> Command:
    """The command; an error where it failed."""
    if command.code:
        raise Broken(
            f"{command.words} ended with {command.code} without any fault:\n{command.said}"
        )
    return command
