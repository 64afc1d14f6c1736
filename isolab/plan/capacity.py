"""How many labs of one kind a machine holds."""

from dataclasses import dataclass

from isolab.plan.model import Machine, Plan


@dataclass(frozen=True, kw_only=True, slots=True)
class Capacity:
    """How many more there is room for, and what ends it."""

    count: int
    because: str
    """What one takes and what there is of it, for people."""


def of(plan: Plan, machine: Machine) -> Capacity:
    """How many labs of this plan the machine's free memory and disk hold.

    Memory is counted whole, as guests may use it; so are disks, though they take only what is
    written to them.

    Args:
        plan: One of them.
        machine: What there is, and what runs on it already.
    """
    memory = sum(guest.memory for guest in plan.guests)
    disk = sum(guest.disk + (guest.data or 0) for guest in plan.guests)
    unused = machine.memory - sum(domain.memory for domain in machine.running)
    free = max(0, unused if machine.available is None else min(unused, machine.available))
    room = max(0, machine.free_disk - sum(domain.growth for domain in machine.running))
    by_memory = Capacity(
        count=free // memory,
        because=f"each needs {memory} MiB of memory, and {free} MiB are free",
    )
    by_disk = Capacity(
        count=room // disk,
        because=f"the disks of each may grow to {disk} MiB, and {room} MiB are free",
    )
    return min(by_memory, by_disk, key=lambda each: each.count)
