"""What this machine has for a lab, and what others here have taken of it."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from isolab.plan.make import POOLS
from isolab.plan.model import Machine, Taken
from isolab.plan.network.addresses import bridge
from isolab.transport import Transport, Unreachable
from isolab.units import MiB
from machine.host import addresses, domain_use
from machine.host.transport import HostTransport


def machine(stack: str, libvirt: str, reserved: Iterable[str]) -> Machine:
    """Ask the machine; what cannot be asked yet, since it is not installed, has taken nothing.

    Args:
        stack: Whose own network and ports do not count.
        libvirt: The libvirt that is to run its guests.
        reserved: Subnets of other stacks, up or not.
    """
    host = HostTransport()
    taken = {cidr: "another stack" for cidr in reserved}
    for network, owner in addresses.in_use(host, libvirt, but=stack):
        taken.setdefault(str(network), owner)
    up = _there(host, bridge(stack))
    return Machine(
        memory=memory(),
        cpus=os.cpu_count() or 1,
        free_disk=MiB(free_below(Path(POOLS)) // 2**20),
        networks=tuple(Taken(cidr=cidr, owner=owner) for cidr, owner in taken.items()),
        listening=() if up else tuple(sorted(set(addresses.listening(host)))),
        cpu_models=_cpu_models(host, libvirt),
        running=domain_use.domains(host, libvirt),
        available=domain_use.available(),
    )


def memory() -> MiB:
    """All of the machine's."""
    return MiB(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20)


def _there(host: Transport, device: str) -> bool:
    """Whether there is such a device; in a sandbox, /sys shows those of another namespace."""
    try:
        return host.run(["ip", "link", "show", "dev", device]).ok
    except Unreachable:
        return False


def free_below(path: Path) -> int:
    """Bytes that are free where a folder lies, or will."""
    return shutil.disk_usage(path).free if path.exists() else free_below(path.parent)


def _cpu_models(host: Transport, libvirt: str) -> tuple[str, ...]:
    try:
        return tuple(host.run(["virsh", "-qc", libvirt, "cpu-models", "x86_64"]).stdout.split())
    except Unreachable:
        return ()
