"""Containers' copies of bind mounts: whether anybody has written to them, as their guests tell."""

from collections.abc import Callable, Sequence

from isolab.cli.context import deployed
from isolab.diff import copied_files
from isolab.diff.change import Loss
from isolab.plan.model import Guest, Plan
from isolab.transport import Transport, Unreachable

Way = Callable[[Plan, Guest], Transport]


def without_untouched(
    lost: Sequence[Loss], old: Plan | None, way: Way = deployed.into_guest
) -> tuple[Loss, ...]:
    """What is lost, but for copies that are still as they were made.

    Args:
        lost: What a change or a `down` loses.
        old: The plan of the lab that stands.
        way: Into a guest. One that does not answer has copies that somebody may have written to.
    """
    guests = {guest.name: guest for guest in old.guests} if old else {}
    return tuple(
        loss
        for loss in lost
        if not (loss.copy and old and loss.guest in guests)
        or _is_written(loss.copy, way(old, guests[loss.guest]))
    )


def of_lab(old: Plan | None, because: str) -> tuple[Loss, ...]:
    """All copies of a lab that its containers may write to."""
    return tuple(
        copied_files.of(guest.name, container.name, copy, because)
        for guest in (old.guests if old else ())
        for container in guest.containers
        for copy in container.copies
        if not copy.read_only
    )


def _is_written(path: str, guest: Transport) -> bool:
    """Its folder was given its name when all was in it: isolab/plan/guest/guestfiles.py."""
    whole = path.rpartition("/")[0]
    try:
        said = guest.run(["find", path, "-newercc", whole, "-print", "-quit"])
    except Unreachable:
        return True
    return not said.ok or bool(said.stdout)
