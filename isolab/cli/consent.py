"""The question before data is lost, and what cannot be done to a lab that stands."""

import sys
from collections.abc import Sequence

from isolab.architecture.change import Loss, losses
from isolab.architecture.diff import diff
from isolab.cli.errors import BAD_INPUT, Failure
from isolab.plan.model import Plan

FLAG = "--accept-data-loss"


def same_libvirt(old: Plan | None, new: Plan) -> None:
    """The engine knows what it made by its name alone, so a lab stays on the libvirt it is on.

    Raises:
        Failure: The lab file names another libvirt than the lab stands on.
    """
    if old and old.libvirt != new.libvirt:
        raise Failure(
            BAD_INPUT,
            f"stack {old.stack} stands on {old.libvirt}, its lab file says {new.libvirt}; "
            "nothing was touched",
            "./lab down removes it there; then ./lab up builds it on the other",
        )


def ask(old: Plan | None, new: Plan, *, accepted: bool) -> bool:
    """Whoever starts an up that loses data agrees to it, volume by volume named.

    Args:
        old: What is deployed.
        new: What is to be.
        accepted: Agreed to beforehand.

    Returns:
        Whether there was something to agree to.

    Raises:
        Failure: Nobody agreed; nothing was touched.
    """
    lost = losses(diff(old, new)) if old else ()
    if not lost or accepted:
        return bool(lost)
    for loss in lost:
        print(f"DATA LOSS: {loss.words}\n    {loss.because}", file=sys.stderr)
    if not sys.stdin.isatty():
        raise Failure(
            BAD_INPUT,
            f"this up loses the data of {_named(lost)}; nothing was touched",
            f"{FLAG} agrees to it; ./lab diff tells more",
        )
    print(f"Lose the data of {_named(lost)}? Type yes to agree: ", end="", file=sys.stderr)
    if sys.stdin.readline().strip().lower() != "yes":
        raise Failure(BAD_INPUT, "not agreed to; nothing was touched", "./lab diff tells more")
    return True


def _named(lost: Sequence[Loss]) -> str:
    return ", ".join(f"volume {loss.volume} on {loss.guest}" for loss in lost)
