"""What becomes of a container's data: small rules over volumes, each naming its source.

The writable copies of bind mounts that a container has are data as well: see `copied_files`.
"""

from collections.abc import Callable, Iterator, Mapping

from isolab.diff import copied_files
from isolab.diff.change import Data, Loss, worst
from isolab.diff.transition import ContainerTransition, GuestTransition, Transition, place
from isolab.plan.model import HOST, Mount

Verdict = tuple[Data, str]
Rule = Callable[[Transition, ContainerTransition, GuestTransition | None], Verdict | None]


def data(transition: Transition, container: ContainerTransition) -> Data:
    """The worst that becomes of the volumes and copies that a container writes to."""
    of_volumes = worst(_end(transition, container, mount)[0] for mount in written(container))
    return worst((of_volumes, *copied_files.data(transition, container)))


def losses(transition: Transition) -> tuple[Loss, ...]:
    """Every volume whose data the lab has no more, with who wrote to it; then every such copy."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for container in transition.containers.values():
        for guest, volume, because in _lost(transition, container):
            found.setdefault((guest, volume, because), []).append(container.name)
    of_volumes = (
        Loss(guest=guest, volume=volume, containers=tuple(names), because=because)
        for (guest, volume, because), names in found.items()
    )
    everything = transition.containers.values()
    of_copies = (loss for c in everything for loss in copied_files.losses(transition, c))
    return (*of_volumes, *of_copies)


def written(container: ContainerTransition) -> tuple[Mount, ...]:
    """The volumes that the container could write to until now."""
    mounts = container.old.mounts if container.old else ()
    return tuple(mount for mount in mounts if not mount.read_only)


def _lost(transition: Transition, container: ContainerTransition) -> Iterator[tuple[str, str, str]]:
    for mount in written(container):
        what, because = _end(transition, container, mount)
        if what == "lost" and container.old:
            yield container.old.guest, mount.volume, because


def _end(transition: Transition, container: ContainerTransition, mount: Mount) -> Verdict:
    """What becomes of one volume that the container writes to."""
    verdict = _volume_action(transition, container)
    if verdict[0] != "kept":
        return verdict
    return _out_of_reach(transition, container, mount) or verdict


def _out_of_reach(
    transition: Transition, container: ContainerTransition, mount: Mount
) -> Verdict | None:
    """Source: a container sees of a volume what is mounted, at the path that it is mounted at.

    A volume that another container of the guest mounts is that one's now.
    """
    now = {each.target: each.volume for each in container.new.mounts} if container.new else None
    if now is None or now.get(mount.target) == mount.volume:
        return None
    guest = transition.guest_of(container)
    others = guest.new.containers if guest and guest.new else ()
    if any(
        other.volume == mount.volume
        for each in others
        if each.name != container.name
        for other in each.mounts
    ):
        return None
    behind = f"it stays behind in volume {mount.volume}"
    return "lost", f"{behind}; {container.name} starts empty at {mount.target}"


def _volume_action(transition: Transition, container: ContainerTransition) -> Verdict:
    guest = transition.guest_of(container)
    for rule in RULES:
        verdict = rule(transition, container, guest)
        if verdict:
            break
    else:
        return "kept", ""
    if verdict[0] == "lost" and _copied(transition, container):
        return "copied", "the cluster's other members have it"
    return verdict


def a_guest_takes_its_disks_along(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: components/guest.py, both disks belong to the guest and are deleted with it."""
    if guest and guest.new is None:
        return "lost", f"guest {guest.name} is removed with its disks"
    return None


def another_libvirt_has_no_disks(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: components/host.py replaces everything in libvirt with the provider's URI."""
    return (
        ("lost", "none of the disks are in the other libvirt")
        if guest and transition.elsewhere
        else None
    )


def another_disk_for_volumes_is_an_empty_one(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: libvirt recreates a volume of another size; images/guest data-disk formats it."""
    if not (guest and guest.data and guest.old and guest.new):
        return None
    if guest.old.data is None:
        return "lost", f"{guest.name}'s new data disk hides the data on its root disk"
    if guest.new.data is None:
        return "lost", f"{guest.name}'s data disk is removed"
    return "lost", f"{guest.name}'s data disk is replaced by an empty one"


def without_a_data_disk_volumes_go_with_the_root_disk(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: ADR 1; Docker keeps volumes on the root disk where there is no data disk."""
    if guest and guest.root and guest.old and guest.old.data is None:
        return "lost", f"{guest.name} has no data disk, and its root disk is replaced"
    return None


def volumes_do_not_move(
    transition: Transition, container: ContainerTransition, guest: GuestTransition | None
) -> Verdict | None:
    """Source: a Docker volume is a folder on one guest; components/guest.py retains it there."""
    if container.moves and container.old and container.new:
        new = place(container.new.guest)
        return "lost", f"it stays behind on {place(container.old.guest)}; {new} starts empty"
    return None


RULES: tuple[Rule, ...] = (
    a_guest_takes_its_disks_along,
    another_libvirt_has_no_disks,
    another_disk_for_volumes_is_an_empty_one,
    without_a_data_disk_volumes_go_with_the_root_disk,
    volumes_do_not_move,
)


def _copied(transition: Transition, container: ContainerTransition) -> bool:
    """Source: a clustered database sends all its data to a member that comes with none.

    It takes a member that keeps its own through the change.
    """
    if container.new is None:
        others = _members(transition, container.name, before=True)
    else:
        others = _members(transition, container.name, before=False)
    return any(
        _keeps(transition, transition.containers[name])
        for name in others
        if name in transition.containers
    )


def _keeps(transition: Transition, container: ContainerTransition) -> bool:
    guest = transition.guest_of(container)
    if container.old is None or container.new is None or container.old.guest == HOST:
        return False
    return not any(
        verdict and verdict[0] == "lost"
        for verdict in (rule(transition, container, guest) for rule in RULES)
    )


def _members(transition: Transition, name: str, *, before: bool) -> frozenset[str]:
    """The other members of the container's cluster."""
    plan = transition.old if before else transition.new
    clusters: Mapping[str, tuple[str, ...]] = (
        {cluster.name: cluster.members for cluster in plan.clusters} if plan else {}
    )
    mine = (members for members in clusters.values() if name in members)
    return frozenset(member for members in mine for member in members if member != name)
