"""What every change to the machine has in common: look, act, look again, and tell."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

Report = Callable[[str], None]
HEARTBEAT = 10.0
"""Seconds between two signs of life of a step that takes long."""


class Unable(Exception):
    """This machine cannot do it; says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}\n  {hint}" if hint else message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that must hold on this machine."""

    name: str
    """Begins each line about it."""
    look: Callable[[], str]
    """What is missing, in words; empty where nothing is."""
    act: Callable[[Report], None]
    """Makes it hold."""


def ensure(step: Step, report: Report) -> None:
    """Make the step hold, unless it does already."""
    missing = step.look()
    if not missing:
        return
    with timed(step.name, missing, report):
        step.act(lambda line: report(f"{step.name}: {line}"))
        still = step.look()
        if still:
            raise Unable(
                f"{step.name}: without effect, still to do: {still}",
                "./lab doctor shows the details",
            )


@contextmanager
def every(seconds: float, act: Callable[[], object]) -> Iterator[None]:
    """Act again and again meanwhile, with so many seconds before each time."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(seconds):
            act()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def timed(name: str, doing: str, report: Report) -> Iterator[None]:
    """Tell what begins, that it goes on, and how long it took."""
    begin = time.monotonic()

    def heartbeat() -> None:
        report(f"{name}: still running ({time.monotonic() - begin:.0f} s)")

    report(f"{name}: {doing}")
    with every(HEARTBEAT, heartbeat):
        yield
    report(f"{name}: done in {time.monotonic() - begin:.1f} s")


def wants_terminal(command: Sequence[str]) -> bool:
    """Whether a command that nobody sees keeps the terminal: sudo asks there, once, and remembers.

    All others run in a session of their own. polkit's agent, which virsh starts, opens the terminal
    by itself and takes what the user types for a password.
    """
    return command[0] == "sudo"


def run(
    command: Sequence[str],
    *,
    environment: dict[str, str] | None = None,
    timeout: float | None = None,
) -> str:
    """What a command prints; where it fails, its last words become the error."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=environment,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            start_new_session=not wants_terminal(command),
            check=False,
        )
    except FileNotFoundError as error:
        raise Unable(f"{command[0]} is not on this machine") from error
    except subprocess.TimeoutExpired as error:
        raise Unable(f"{command[0]} did not end within {timeout:.0f} s") from error
    if done.returncode:
        said = "\n  ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-5:])
        raise Unable(f"`{' '.join(command[:6])}` failed", said)
    return done.stdout
