"""The question before data is lost, and what cannot be done to a lab that stands."""

import sys
from collections.abc import Sequence

from isolab.cli.context import copies
from isolab.cli.errors import BAD_INPUT, Failure
from isolab.diff import disks
from isolab.diff.change import Loss, losses
from isolab.diff.compare import diff
from isolab.diff.disks import StandingDisk
from isolab.plan.model import Plan
from isolab.visible import visible

FLAG = "--accept-data-loss"


def same_libvirt(old: Plan | None, new: Plan) -> None:
    """The engine knows what it made by its name alone, so a lab stays on the libvirt it is on.

    Raises:
        Failure: The lab file names another libvirt than the lab stands on.
    """
    if old and old.libvirt != new.libvirt:
        raise Failure(
            BAD_INPUT,
            f"stack {old.stack} is on {old.libvirt}, but its lab file names {new.libvirt}; "
            "nothing was changed",
            "run ./lab down to remove it there, then ./lab up",
        )


def lost_by(
    old: Plan | None, standing: Sequence[StandingDisk], new: Plan, rebuilt: Sequence[str] = ()
) -> tuple[Loss, ...]:
    """All that a new plan loses, of what stands.

    Args:
        old: The plan of the lab that stands, where there is one and it can be read.
        standing: The disks with data, as the state tells.
        new: What is to be.
        rebuilt: Guests that get a new root disk in any case.
    """
    told = losses(diff(old, new)) if old else ()
    more = disks.not_told(disks.losses(standing, new), old)
    by_volume: dict[str, Loss] = {}
    with_roots = (*disks.of_root(standing, rebuilt), *_copies_on(old, rebuilt))
    for loss in (*told, *more, *with_roots):
        by_volume.setdefault(loss.what, loss)
    return copies.without_untouched(tuple(by_volume.values()), old)


def _copies_on(old: Plan | None, guests: Sequence[str]) -> tuple[Loss, ...]:
    """Copies of bind mounts lie on the root disk of their guest."""
    because = "its guest's root disk is replaced"
    return tuple(loss for loss in copies.of_lab(old, because) if loss.guest in guests)


def ask(what: str, lost: Sequence[Loss], *, accepted: bool) -> bool:
    """Whoever starts a command that loses data agrees to it, volume by volume named.

    Args:
        what: The command.
        lost: What it loses.
        accepted: Agreed to beforehand.

    Returns:
        Whether there was something to agree to.

    Raises:
        Failure: Nobody agreed; nothing was changed.
    """
    if not lost or accepted:
        return bool(lost)
    tell(lost)
    typed_yes(
        f"Lose the data of {named(lost)}?",
        "./lab diff shows the details",
        unattended=Failure(
            BAD_INPUT,
            f"this {what} loses the data of {named(lost)}; nothing was changed",
            f"{FLAG} agrees to the loss; ./lab diff shows the details",
        ),
    )
    return True


def tell(lost: Sequence[Loss]) -> None:
    """Say what goes, and why."""
    for loss in lost:
        words, because = visible(loss.words), visible(loss.because)
        print(f"DATA LOSS: {words}\n    {because}", file=sys.stderr)


def typed_yes(question: str, hint: str, *, unattended: Failure) -> None:
    """Ask on the terminal; anything but yes ends the command.

    Args:
        question: What somebody agrees to.
        hint: What else they could do.
        unattended: How the command ends where there is no terminal to ask on.
    """
    if not sys.stdin.isatty():
        raise unattended
    print(f"{visible(question)} Type yes to agree: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise Failure(BAD_INPUT, "no consent was given; nothing was changed", hint)


def named(lost: Sequence[Loss]) -> str:
    """The volumes, in one line."""
    return ", ".join(loss.what for loss in lost)
