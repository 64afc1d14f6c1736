"""The disks with data that stand, as a stack's state tells."""

from isolab.diff.disks import StandingDisk, StandingVolume
from isolab.plan.model import MiB, Plan
from machine.deployment import leftovers
from machine.deployment.state import Resource, State

BYTES = 2**20
"""In a MiB."""
DOCKER_VOLUME = "docker:index/volume:Volume"


def standing(known: State | None, plan: Plan | None) -> tuple[StandingDisk, ...]:
    """Data disks, and root disks of guests without one, with the volumes on them.

    Args:
        known: The stack's state.
        plan: The last one that was deployed, where it can be read; it names who writes, and the
            volumes on data disks that outlived their lab.
    """
    if known is None:
        return ()
    volumes = known.of_type(leftovers.VOLUME)
    data = [disk for disk in volumes if disk.urn.endswith("-data") and known.guest_of(disk)]
    guests = {known.guest_of(disk) for disk in data}
    roots = [disk for disk in volumes if disk.urn.endswith("-root") and known.guest_of(disk)]
    alone = [disk for disk in roots if known.guest_of(disk) not in guests]
    found = (
        *(_disk(disk, known, plan, is_data=True) for disk in data),
        *(_disk(disk, known, plan, is_data=False) for disk in alone),
    )
    return tuple(disk for disk in found if disk.is_data or disk.volumes)


def _disk(disk: Resource, known: State, plan: Plan | None, *, is_data: bool) -> StandingDisk:
    guest = known.guest_of(disk)
    planned = [g for g in (plan.guests if plan else ()) if g.name == guest]
    names = [v.name for v in known.of_type(DOCKER_VOLUME) if known.guest_of(v) == guest]
    names += [name for g in planned for name in g.volumes]
    writers = {
        name: tuple(
            c.name
            for g in planned
            for c in g.containers
            if any(mount.volume == name and not mount.read_only for mount in c.mounts)
        )
        for name in names
    }
    return StandingDisk(
        guest=guest,
        name=disk.name,
        size=MiB(int(float(disk.inputs.get("size") or 0)) // BYTES),
        is_data=is_data,
        volumes=tuple(StandingVolume(name=n, containers=w) for n, w in writers.items()),
    )
