"""libvirt's hooks for the networks of labs: installed, and looked at.

One closes the machine to their guests, one starts what Docker started before them.
libvirt 6.5 and newer runs what lies in network.d. It looks for hooks when it starts, so a daemon
that runs is restarted, which guests and networks survive.
"""

import shlex
from pathlib import Path
from typing import Literal

from machine.host.privilege import Action, as_root
from machine.setup import daemons
from machine.steps import Report, Step, run

State = Literal["installed", "missing", "outdated", "unknown"]
SOURCE = Path(__file__).with_name("libvirt_network.py")
HOOK = Path("/etc/libvirt/hooks/network.d/isolab")
STARTER_SOURCE = Path(__file__).with_name("libvirt_containers.py")
STARTER = HOOK.with_name("isolab-containers")
FILES = ((HOOK, SOURCE), (STARTER, STARTER_SOURCE))
"""Where libvirt runs each hook, and its file here."""
UNITS = ("libvirtd.service", "virtnetworkd.service")
"""Whichever the machine has."""
RESTART = (
    f"for unit in {' '.join(UNITS)}; do "
    "if systemctl --quiet is-active $unit; then systemctl restart $unit; fi; done"
)
"""Shell command that restarts the one that runs; systemctl fails for a unit that is not there."""


def state(hook: Path = HOOK, source: Path = SOURCE) -> State:
    """Whether libvirt has it, in this isolab's form."""
    try:
        return "installed" if hook.read_bytes() == source.read_bytes() else "outdated"
    except FileNotFoundError:
        return "missing"
    except OSError:
        return "unknown"


def starter_state() -> State:
    """The same of the one that starts containers."""
    return state(STARTER, STARTER_SOURCE)


def is_lacking() -> bool:
    """Whether one has to be installed."""
    return any(state(*each) in ("missing", "outdated") for each in FILES)


def action() -> Action:
    """What is done about it."""
    return Action(
        words="let guests of a lab reach only the open ports of this machine (a hook of libvirt)",
        command=("sh", "-c", _command()),
    )


def step() -> Step:
    """Install them."""

    def look() -> str:
        return f"installing {HOOK} and {STARTER.name}" if is_lacking() else ""

    return Step(name="network hook", look=look, act=_install)


def _install(report: Report) -> None:
    run(as_root(["sh", "-c", _command()]))
    if not daemons.has_systemd():
        report("libvirtd uses them from its next start")


def _command() -> str:
    installed = [f"install -D -m 755 {shlex.quote(str(source))} {hook}" for hook, source in FILES]
    return " && ".join([*installed, RESTART] if daemons.has_systemd() else installed)
