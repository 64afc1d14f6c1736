"""How many labs of one kind a machine holds."""

from dataclasses import dataclass

from isolab.plan.model import Machine, Plan


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """How many more labs there is room for in one respect."""

    count: int
    because: str
    """What one takes and what there is of it, for people."""


def of_memory(plan: Plan, machine: Machine) -> Room:
    """How many labs of this plan the machine's free memory holds, each guest's counted whole.

    Args:
        plan: One of them.
        machine: What there is, and what runs on it already.
    """
    one = sum(guest.memory for guest in plan.guests)
    unused = machine.memory - sum(domain.memory for domain in machine.running)
    free = max(0, unused if machine.available is None else min(unused, machine.available))
    return Room(
        count=free // one, because=f"each needs {one} MiB of memory, and {free} MiB are free"
    )


def of_disks(plan: Plan, machine: Machine) -> Room:
    """The same for its disks, should all of them grow to their size; they begin almost empty."""
    one = sum(guest.disk + (guest.data or 0) for guest in plan.guests)
    free = max(0, machine.free_disk - sum(domain.growth for domain in machine.running))
    return Room(
        count=free // one,
        because=f"the disks of each may grow to {one} MiB, and {free} MiB are free",
    )
