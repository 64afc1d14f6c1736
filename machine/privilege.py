"""Root's rights: asked for once, and used for single commands."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from machine.steps import Unable


def is_root() -> bool:
    """Whether commands need no sudo."""
    return os.geteuid() == 0


def as_root(command: Sequence[str]) -> list[str]:
    """The command as it must be called to run with root's rights."""
    return list(command) if is_root() else ["sudo", *command]


def agree(deeds: Sequence[str], *, yes: bool) -> None:
    """Get the user's consent to what needs sudo; root has given it by being root."""
    if not deeds or is_root():
        return
    wanted = "\n".join(f"  {deed}" for deed in deeds)
    if not shutil.which("sudo"):
        raise Unable(f"this needs root, and there is no sudo here:\n{wanted}", "run it as root")
    if yes:
        return
    if not sys.stdin.isatty():
        raise Unable(f"this needs sudo:\n{wanted}", "agree to it with --yes")
    print(f"isolab would do this with sudo:\n{wanted}\nAgree? [y/N] ", end="", file=sys.stderr)
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Unable("nothing was changed", "agree to it with --yes")
    # The password is asked for here, where nothing else writes to the terminal.
    if subprocess.run(["sudo", "-v"], check=False).returncode:
        raise Unable("sudo refused")
