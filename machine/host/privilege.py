"""Root's rights: asked for once, and used for single commands."""

import getpass
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from machine.steps import Unable

AGREED = "ISOLAB_AGREED_TO_SUDO"
"""The variable that tells a command which isolab starts that the user has agreed already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """Something that needs root."""

    words: str
    """As the user is asked for it."""
    command: tuple[str, ...] = ()
    """What an administrator can run in the user's place; empty where nobody else can do it."""


def is_root() -> bool:
    """Whether commands need no sudo."""
    return os.geteuid() == 0


def as_root(command: Sequence[str]) -> list[str]:
    """The command as it must be called to run with root's rights."""
    return list(command) if is_root() else ["sudo", *command]


def agree(actions: Sequence[Action], *, yes: bool) -> None:
    """Get the user's consent to what needs sudo; root has given it by being root."""
    if not actions or is_root():
        return
    wanted = "\n".join(f"  {action.words}" for action in actions)
    if not shutil.which("sudo"):
        raise Unable(
            f"this needs root, and there is no sudo here:\n{wanted}", for_administrator(actions)
        )
    if not yes and AGREED not in os.environ:
        if not sys.stdin.isatty():
            raise Unable(f"this needs sudo:\n{wanted}", "use --yes to agree")
        question = f"isolab needs to do this with sudo:\n{wanted}\nAgree? [y/N] "
        print(question, end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise Unable("nothing was changed", "use --yes to agree")
    if not _sudo_lets_us():
        user = getpass.getuser()
        raise Unable(
            f"sudo does not let {user} do this; nothing was changed:\n{wanted}",
            for_administrator(actions),
        )
    os.environ[AGREED] = "yes"


def for_administrator(actions: Sequence[Action]) -> str:
    """What to ask somebody with root's rights for."""
    commands = [f"  {shlex.join(action.command)}" for action in actions if action.command]
    if not commands:
        return "run it as root"
    then = "  (then run the same command again)"
    return "\n  ".join(["an administrator has to run, as root:", *commands, then])


def _sudo_lets_us() -> bool:
    """Whether sudo does; the password is asked for here, where nothing else writes.

    `sudo -v` comes second: it asks also where only some of the user's rules want no password.
    """
    return asks_nothing() or not subprocess.run(["sudo", "-v"], check=False).returncode


def asks_nothing() -> bool:
    """Whether a command with root's rights would run now without a question."""
    if is_root():
        return True
    if not shutil.which("sudo"):
        return False
    quiet = ["sudo", "-n", "true"]
    done = subprocess.run(quiet, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return not done.returncode
