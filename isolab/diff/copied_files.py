"""What becomes of what containers wrote into their copies of bind mounts.

Sources: ADR 17, a copy is a folder of its container, on the guest's root disk, named after the
content that it was made from; components/service.py, nothing removes it but that disk's end.
"""

from collections.abc import Iterator

from isolab.diff.change import Data, Loss
from isolab.diff.transition import ContainerTransition, Transition
from isolab.plan.model import Copy


def data(transition: Transition, container: ContainerTransition) -> Iterator[Data]:
    """What becomes of each copy that the container may write to."""
    for copy in _written(container):
        yield "lost" if _because(transition, container, copy) else "kept"


def losses(transition: Transition, container: ContainerTransition) -> Iterator[Loss]:
    """The container's copies that it has no more, or gets afresh."""
    for copy in _written(container):
        because = _because(transition, container, copy)
        if because and container.old:
            yield of(container.old.guest, container.name, copy, because)


def of(guest: str, container: str, copy: Copy, because: str) -> Loss:
    """The loss of a container's copy."""
    return Loss(
        guest=guest,
        volume="",
        containers=(container,),
        because=because,
        copy=copy.path,
        source=f"{copy.source} at {copy.target}",
    )


def _written(container: ContainerTransition) -> tuple[Copy, ...]:
    copies = container.old.copies if container.old else ()
    return tuple(copy for copy in copies if not copy.read_only)


def _because(transition: Transition, container: ContainerTransition, copy: Copy) -> str:
    """Why the copy is lost; empty where the container has it on, or leaves and may come back."""
    guest = transition.guest_of(container)
    if container.old is None or guest is None:
        return ""
    if transition.elsewhere:
        return "none of the disks are in the other libvirt"
    if guest.new is None:
        return f"guest {guest.name} is removed with its disks"
    if guest.root:
        return f"{guest.name}'s root disk is replaced"
    if container.new is None:
        return ""
    stays = f"it stays behind on {guest.name}"
    if container.moves:
        return f"{stays}; {container.new.guest} gets a fresh copy"
    same = [other for other in container.new.copies if other.target == copy.target]
    if not same:
        return f"{stays}; {container.name} has no copy"
    # Where nobody looked at one of them, it is not known to have changed.
    changed = same[0].digest != copy.digest and same[0].digest and copy.digest
    return f"{stays}; {container.name} gets a fresh copy" if changed else ""
