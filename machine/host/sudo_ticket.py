"""Sudo's ticket, renewed while isolab works: whoever agreed once is not asked again."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from machine.host import privilege
from machine.steps import every

RENEWAL = 240.0
"""Seconds between two renewals: where administrators shorten it, five minutes are usual."""


@contextmanager
def renewed() -> Iterator[None]:
    """Sudo's ticket stays valid meanwhile: it lasts 15 minutes, a set-up from nothing longer.

    Where there is none this gets none, and asks nothing.
    """
    if privilege.is_root() or not shutil.which("sudo"):
        yield
        return

    def renew() -> None:
        subprocess.run(
            ["sudo", "-n", "-v"], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )

    with every(RENEWAL, renew):
        yield
