"""What the domains that run on this machine have of its memory, and may still take of its disk."""

import re
from collections.abc import Iterator
from pathlib import Path

from isolab.plan.model import RunningDomain
from isolab.transport import Transport, Unreachable
from isolab.units import MiB

_AVAILABLE = re.compile(r"^MemAvailable: +(\d+) kB$", re.MULTILINE)
_FILE_SIZE = re.compile(r"block\.\d+\.physical")
_FILE = re.compile(r"block\.\d+\.path")
_CAPACITY = re.compile(r"block\.\d+\.capacity")
TIMEOUT = 15
"""Seconds; a QEMU that hangs may not hold up an `up`."""


def domains(host: Transport, libvirt: str) -> tuple[RunningDomain, ...]:
    """All that run, whoever's they are; none where libvirt could not be asked."""
    command = ["virsh", "-qc", libvirt, "domstats", "--list-running", "--balloon", "--block"]
    try:
        return tuple(of(host.run([*command, "--nowait"], timeout=TIMEOUT).stdout))
    except Unreachable:
        return ()


def of(listing: str) -> Iterator[RunningDomain]:
    """The domains in what `virsh domstats` printed."""
    for part in listing.split("Domain: '")[1:]:
        name, _, lines = part.partition("'")
        values = dict(line.strip().split("=", 1) for line in lines.splitlines() if "=" in line)
        sizes = sum(int(value) for key, value in values.items() if _FILE_SIZE.fullmatch(key))
        most = sum(int(value) for key, value in values.items() if _CAPACITY.fullmatch(key))
        yield RunningDomain(
            name=name,
            memory=MiB(int(values.get("balloon.maximum", "0")) // 2**10),
            growth=MiB(max(0, most - sizes) // 2**20),
            files=tuple(value for key, value in values.items() if _FILE.fullmatch(key)),
        )


def available() -> MiB | None:
    """Memory that could be had without swapping; None where the kernel does not say."""
    found = _AVAILABLE.search(Path("/proc/meminfo").read_text())
    return MiB(int(found[1]) // 2**10) if found else None
