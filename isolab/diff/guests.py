"""Changes of the host and the guests."""

from collections.abc import Iterator, Mapping, Sequence

from isolab.diff import effects
from isolab.diff.change import Change, Loss
from isolab.diff.facts import said
from isolab.diff.reach import Reach
from isolab.diff.transition import ContainerTransition, GuestTransition
from isolab.plan.model import LabNetwork

PLAN_TOLD = frozenset({"libvirt", "kvm", "network", "image", "guests", "host_containers"}) | {
    "balancers",
    "autostart",
    "clusters",
    "images",
}
"""Fields of a plan that some change tells."""
PLAN_IRRELEVANT: Mapping[str, str] = {
    "stack": "where the lab stands, not what it is",
    "name": "a title",
    "description": "a title",
    "pool": "follows from the stack",
    "registry": "follows from the stack and the subnet",
    "endpoints": "follow from the containers' ports",
}


def host_change(reach: Reach, lost: Sequence[Loss]) -> Iterator[Change]:
    """The host's layer: the lab network, the pool, the registry."""
    old, new = reach.transition.old, reach.transition.new
    if old is None or new is None:
        kind = "create" if old is None else "delete"
        yield Change(layer="host", name="host", change=kind, reasons=())
        return
    reasons = tuple(
        f"{what} {before} -> {after}"
        for what, before, after in (
            ("libvirt", old.libvirt, new.libvirt),
            ("subnet", old.network.cidr, new.network.cidr),
        )
        if before != after
    )
    updated = tuple(_reached(old.network, new.network))
    if not reasons and updated:
        yield Change(layer="host", name="host", change="update", reasons=updated)
    if reasons:
        guests = [guest for guest in reach.transition.guests.values() if guest.stays]
        struck = [c for c in reach.transition.containers.values() if _stands_on_the_host(reach, c)]
        found = (*(effects.on_guest(reach, g) for g in guests), *effects.told(reach, struck))
        yield Change(
            layer="host",
            name="host",
            change="replace",
            reasons=reasons,
            effects=found,
            **effects.loss_and_data(found, lost),
        )


def _reached(old: LabNetwork, new: LabNetwork) -> Iterator[str]:
    """What guests reach of the host and outside, where it is not what it was."""
    if old.outside != new.outside:
        yield f"outside {old.outside} -> {new.outside}"
    if set(old.host_ports) != set(new.host_ports):
        before, after = (", ".join(ports) or "none" for ports in (old.host_ports, new.host_ports))
        yield f"host_ports {before} -> {after}"


def _stands_on_the_host(reach: Reach, container: ContainerTransition) -> bool:
    guest = reach.transition.guest_of(container)
    return container.readdressed or (guest is not None and guest.stays)


def guest_changes(reach: Reach, lost: Sequence[Loss]) -> Iterator[Change]:
    """Each guest that comes, goes, or is not what it was."""
    for guest in reach.transition.guests.values():
        if guest.old is None:
            yield Change(layer="guest", name=guest.name, change="create", reasons=())
            continue
        if guest.new is not None and not (guest.root or guest.data or guest.domain):
            yield from _changed_in_place(reach, guest)
            continue
        struck = tuple(_struck(reach, guest))
        found = effects.told(reach, struck)
        reasons = (*guest.domain.values(), *guest.root.values(), *guest.data.values())
        yield Change(
            layer="guest",
            name=guest.name,
            change="delete" if guest.new is None else "replace",
            reasons=reasons,
            effects=found,
            **effects.loss_and_data(found, lost),
        )


def _changed_in_place(reach: Reach, guest: GuestTransition) -> Iterator[Change]:
    """Source: the libvirt provider's schema, where autostart does not replace a domain."""
    old, new = reach.transition.old, reach.transition.new
    if old and new and old.autostart != new.autostart:
        reason = f"autostart {said(old.autostart)} -> {said(new.autostart)}"
        yield Change(layer="guest", name=guest.name, change="update", reasons=(reason,))


def _struck(reach: Reach, guest: GuestTransition) -> Iterator[ContainerTransition]:
    """Its own containers; with a new address also those on other guests that were told it."""
    own = reach.on_guest.get(guest.name, [])
    yield from own
    if "address" in guest.domain and guest.old:
        address = guest.old.address
        yield from (
            c
            for c in reach.transition.containers.values()
            if c.readdressed and c not in own and c.old and address in dict(c.old.hosts).values()
        )
