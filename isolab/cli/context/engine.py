"""Runs the engine for a command: progress told, a failure made one clear message."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from isolab.cli.errors import FAILED, INTERRUPTED, UNABLE, Failure
from isolab.cli.output.progress import Progress
from isolab.visible import visible
from machine.deployment import lock
from machine.deployment.control import Busy, StackControl
from machine.deployment.engine import EngineError, Outcome
from machine.deployment.events import Event
from machine.deployment.leftovers import Remains

LAST_WORDS = 6


def say(text: str) -> None:
    """Tell what happens, where progress belongs."""
    print(visible(text, keep="\n\t"), file=sys.stderr, flush=True)


def run(
    operate: Callable[[Outcome], Iterable[Event]], guests: Sequence[str]
) -> tuple[Progress, Outcome]:
    """One run of the engine, told while it goes on."""
    outcome, progress = Outcome(), Progress(guests)
    progress.follow(operate(outcome))
    return progress, outcome


@contextmanager
def alone(stack: str, command: str) -> Iterator[None]:
    """Keep every other command that changes the stack out, until this one is through."""
    try:
        with lock.locked(stack, command, say):
            yield
    except lock.Held as held:
        raise Failure(UNABLE, str(held), "wait for it to end; nothing was changed") from held


def complaint(progress: Progress, outcome: Outcome) -> str:
    """Why a run failed: what its resources said, else the engine's own last words."""
    if progress.errors:
        return "\n".join(_indented(error) for error in progress.errors)
    if outcome.code < 0:
        return f"  the engine was killed by signal {-outcome.code}"
    words = [line for line in outcome.output.splitlines() if line.strip()]
    words = [line for line in words if "error:" in line] or words
    return "\n".join(f"  {line.strip()}" for line in words[-LAST_WORDS:])


def fail_unless_done(
    what: str, again: str, progress: Progress, outcome: Outcome, control: StackControl
) -> None:
    """End the command where the engine did not come to its end."""
    if outcome.code == 0:
        return
    if outcome.interrupts:
        raise Failure(
            INTERRUPTED,
            f"{what} was interrupted; it finished the operations that it had started",
            again,
        )
    from machine.setup import confinement

    said = complaint(progress, outcome)
    cause = confinement.hint(said, confinement.in_force()) or _of_another_folder(said)
    raise Failure(
        FAILED,
        f"{what} of stack {control.stack} failed:\n{said}",
        f"{cause}\n  {again}" if cause else again,
    )


def _of_another_folder(said: str) -> str:
    """Several people on one machine begin with the same lab."""
    if "already exists and is not this stack's" not in said:
        return ""
    return "another folder may have a stack of this name: --stack NAME gives this one another"


def built(lab: str) -> None:
    """Have the lab's own images; a build that fails ends the command."""
    from machine import stack
    from machine.images import builds

    try:
        stack.build(lab, say)
    except builds.BuildFailed as failed:
        raise Failure(FAILED, str(failed), "nothing of the lab was touched") from None


def opened(stack: str) -> StackControl:
    """The stack's control; without an engine the command ends."""
    from machine.engine import pulumi_cli

    if pulumi_cli.executable() is None:
        raise Failure(UNABLE, "the engine is not on this machine yet", "./lab up installs it")
    return StackControl(stack)


def with_plugins() -> None:
    """End the command where the engine has no plugins yet: an `up` makes them ready."""
    from machine.engine import plugins

    if plugins.last() is None:
        raise Failure(
            UNABLE, "the engine has no plugins on this machine yet", "./lab up installs them"
        )


def recovered(control: StackControl) -> None:
    """Clear up behind a killed engine; wait for one at work."""
    try:
        control.recover(say)
    except Busy as busy:
        raise Failure(UNABLE, str(busy), "wait for it to end, or end it") from busy
    except (Remains, EngineError) as remains:
        raise Failure(
            FAILED,
            f"what an interrupted run left could not be removed: {remains}",
            "remove it by hand, then try again",
        ) from remains


def nothing_half_restored(stack: str) -> None:
    """End the command where disks of the stack are not whole, and more than a start would fail."""
    from machine.deployment import checkpoints

    checkpoint = checkpoints.half_restored(stack)
    if checkpoint:
        raise Failure(
            UNABLE,
            f"a restore of checkpoint {checkpoint} of stack {stack} was interrupted: "
            "its guests' disks are incomplete",
            f"restore it again: ./lab checkpoint restore {checkpoint} --stack {stack}",
        )


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
