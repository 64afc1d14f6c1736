"""How long changes take, from what this machine has measured; where it has nothing, no number."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median

from isolab.diff.change import Change, Effect
from isolab.diff.reach import Reach
from isolab.diff.transition import GuestTransition

Measured = Mapping[str, Sequence[float]]
"""What was done to what (make domain, remove container web) to the seconds it took, each time."""

DOMAIN = ("remove domain", "make domain", "make ready")
"""What a guest needs from its end to the next answer of its Docker."""


def of_guest(guest: GuestTransition, measured: Measured) -> float | None:
    """Seconds that a guest is away."""
    if guest.new is None:
        return _sum(measured, ("remove domain",))
    disks = [
        f"{what} {disk}"
        for disk, replaced in (("root disk", guest.root), ("data disk", guest.data))
        if replaced
        for what in ("remove", "make")
    ]
    return _sum(measured, [*DOMAIN, *(disk for disk in disks if disk in measured)])


def of_container(service: str, measured: Measured) -> float | None:
    """Seconds that a container is away which is recreated, until it is healthy."""
    make = _sum(measured, (f"make container {service}",))
    remove = _sum(measured, (f"remove container {service}",))
    return None if make is None else make + (remove or 0.0)


def timed(reach: Reach, change: Change, below: float | None, measured: Measured) -> Change:
    """The change with the seconds of its effects and its own.

    Args:
        reach: What becomes of all containers.
        change: One change.
        below: What the guest takes by itself; zero for a change of a service, None for unknown.
        measured: What this machine has measured.
    """
    if not measured:
        return change
    effects = [_timed(reach, effect, below, measured) for effect in change.effects]
    away = [e.seconds for e in effects if e.layer == "container" and e.effect == "recreate"]
    known = [seconds for seconds in away if seconds is not None]
    if below is None or len(known) < len(away):
        total = None
    else:
        # One starts after another: they wait for each other, and for the same processors.
        total = below + sum(seconds - below for seconds in known)
    return replace(change, effects=tuple(effects), seconds=total or None)


def _timed(reach: Reach, effect: Effect, below: float | None, measured: Measured) -> Effect:
    if (
        effect.layer != "container"
        or below is None
        or effect.name not in reach.transition.containers
    ):
        return effect
    match effect.effect:
        case "restart":
            return replace(effect, seconds=below)
        case "recreate":
            own = of_container(reach.transition.containers[effect.name].service, measured)
            return effect if own is None else replace(effect, seconds=below + own)
        case _:
            return effect


def _sum(measured: Measured, whats: Iterable[str]) -> float | None:
    whats = tuple(whats)
    if any(not measured.get(what) for what in whats):
        return None
    return sum(median(measured[what]) for what in whats)
