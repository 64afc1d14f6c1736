"""Guests are shut down with the machine: libvirt-guests stops before the daemon that it asks.

Debian 12 and 13 order libvirt-guests.service behind libvirtd's socket alone. systemd then stops the
daemon at the same time, libvirt-guests reaches nobody, and QEMU is killed with the guests running.
"""

import subprocess
from collections.abc import Collection
from pathlib import Path

from machine.host.privilege import Action, as_root
from machine.setup import daemons
from machine.steps import Report, Step, run

UNIT = "libvirt-guests.service"
PACKAGE = "libvirt-daemon-system"
"""Brings the unit."""
DAEMONS = ("libvirtd.service", "virtqemud.service")
"""Whichever the machine has; the order says nothing of one that it has not."""
DROP_IN = Path(f"/etc/systemd/system/{UNIT}.d/isolab.conf")
WRITE = (
    f"mkdir -p {DROP_IN.parent} && "
    f'printf "[Unit]\\nAfter={" ".join(DAEMONS)}\\n" >{DROP_IN} && systemctl daemon-reload'
)
"""Shell command that puts it in order."""


def action() -> Action:
    """What is done about it."""
    return Action(
        words=f"have guests shut down with the machine ({UNIT} ends before libvirtd)",
        command=("sh", "-c", WRITE),
    )


def is_lacking() -> bool:
    """Whether libvirt-guests is there and ends together with the daemon."""
    if not daemons.has_systemd():
        return False
    asked = ["systemctl", "show", "--property=LoadState,After", UNIT]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return lacks(done.stdout)


def lacks(shown: str) -> bool:
    """The same, from what systemctl shows of the unit."""
    properties = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    behind: Collection[str] = properties.get("After", "").split()
    return properties.get("LoadState") == "loaded" and not set(DAEMONS) <= set(behind)


def will_lack(missing: Collection[str]) -> bool:
    """The same, once these packages are installed."""
    return is_lacking() or (daemons.has_systemd() and PACKAGE in missing)


def step() -> Step:
    """Put it in order."""

    def look() -> str:
        return f"ordering {UNIT} behind libvirtd" if is_lacking() else ""

    return Step(name="shutdown", look=look, act=_order)


def _order(_report: Report) -> None:
    run(as_root(action().command))
