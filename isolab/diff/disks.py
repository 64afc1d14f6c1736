"""Disks that stand, and what a new plan makes of the volumes on them.

The last good plan does not know all of them: an `up` may have failed behind it, or a `down` have
retained the data disks.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from isolab.diff.change import Loss
from isolab.plan.guest.cloudinit import root_disk
from isolab.plan.model import Guest, MiB, Plan


@dataclass(frozen=True, kw_only=True, slots=True)
class StandingVolume:
    """A Docker volume on a disk."""

    name: str
    containers: tuple[str, ...] = ()
    """Those that write to it, as far as they are known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StandingDisk:
    """The disk of a guest that Docker keeps its volumes on."""

    guest: str
    name: str
    size: MiB
    is_data: bool
    """A data disk; otherwise the root disk of a guest that has none."""
    volumes: tuple[StandingVolume, ...] = ()


def losses(disks: Iterable[StandingDisk], new: Plan) -> tuple[Loss, ...]:
    """Every volume that the new plan loses with its disk."""
    wanted = {guest.name: guest for guest in new.guests}
    found: list[Loss] = []
    for disk in disks:
        because = _end(disk, wanted.get(disk.guest))
        if because:
            found += all_of(disk, because)
    return tuple(found)


def of_root(disks: Iterable[StandingDisk], guests: Sequence[str]) -> tuple[Loss, ...]:
    """Every volume that goes when these guests get a new root disk."""
    because = "it has no data disk, and its root disk is replaced"
    going = (disk for disk in disks if disk.guest in guests and not disk.is_data)
    return tuple(loss for disk in going for loss in all_of(disk, because))


def all_of(disk: StandingDisk, because: str) -> Iterator[Loss]:
    """All that a disk holds; a data disk whose volumes nobody knows counts as one."""
    for volume in disk.volumes:
        yield Loss(
            guest=disk.guest, volume=volume.name, containers=volume.containers, because=because
        )
    if disk.is_data and not disk.volumes:
        yield Loss(guest=disk.guest, volume="", containers=(), because=because)


def not_told(standing: Iterable[Loss], old: Plan | None) -> Iterator[Loss]:
    """Those that the diff from a plan cannot tell, since the plan does not know the volume."""
    known = {
        (container.guest, mount.volume)
        for container in (old.containers if old else ())
        for mount in container.mounts
        if not mount.read_only
    }
    return (loss for loss in standing if (loss.guest, loss.volume) not in known)


def _end(disk: StandingDisk, guest: Guest | None) -> str:
    """Why the disk goes; empty where it stays."""
    if guest is None:
        return f"guest {disk.guest} is removed with its disks"
    if disk.is_data:
        if guest.data is None:
            return f"{guest.name}'s data disk is removed"
        return (
            f"{guest.name}'s data disk is replaced by an empty one"
            if guest.data != disk.size
            else ""
        )
    if guest.data is not None:
        return f"{guest.name}'s new data disk hides the data on its root disk"
    replaced = (guest.disk, root_disk(guest)) != (disk.size, disk.name)
    return f"{guest.name} has no data disk, and its root disk is replaced" if replaced else ""
