"""Which firewall libvirt's networks use, and whether Docker's cuts guests off from outside.

A packet has to pass every table that the kernel holds. With libvirt's rules among Docker's, in
iptables, libvirt's come first and accept what guests send; with libvirt's in nftables, Docker's
policy still drops it.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from machine.host import privilege
from machine.host.privilege import as_root
from machine.steps import Unable, run

Backend = Literal["iptables", "nftables"]
COMMANDS: dict[Backend, str] = {"iptables": "iptables", "nftables": "nft"}
SETTINGS = Path("/etc/libvirt/network.conf")
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
"""Not on every user's PATH."""
FIX = (
    'firewall_backend = "iptables" in /etc/libvirt/network.conf, then restart libvirtd '
    "(or virtnetworkd)"
)


def backend() -> Backend | None:
    """The one in use; None where libvirt knows no choice, or this user may not read it."""
    try:
        return backend_of(SETTINGS.read_text(errors="replace"), _is_there)
    except OSError:
        return None


def backend_of(settings: str, is_there: Callable[[str], bool]) -> Backend | None:
    """The same, from libvirt's settings, whose comment has the distribution's own order."""
    if chosen := re.search(r'^\s*firewall_backend\s*=\s*"(\w+)"', settings, re.MULTILINE):
        return next(iter(_known([chosen[1]])), None)
    order = re.search(r"^#\s*\[(\w+(?:, \w+)*)\]\s*$", settings, re.MULTILINE)
    usable = _known(order[1].split(", ")) if order else []
    return next((each for each in usable if is_there(COMMANDS[each])), None)


def drops() -> bool | None:
    """Whether what no rule of iptables accepts is dropped; None where only root may look."""
    if not privilege.asks_nothing():
        return None
    try:
        return run(as_root(["iptables", "-w", "-S", "FORWARD"])).startswith("-P FORWARD DROP")
    except Unable:
        return None


def _known(names: Sequence[str]) -> list[Backend]:
    return [each for name in names for each in COMMANDS if each == name]


def _is_there(command: str) -> bool:
    return bool(shutil.which(command) or shutil.which(command, path=SBIN))
