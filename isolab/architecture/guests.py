"""Changes of the host and the guests."""

from collections.abc import Iterator

from isolab.architecture import blast
from isolab.architecture.change import Change, Effect
from isolab.plan.model import Guest, Plan


def host_change(old: Plan | None, new: Plan | None) -> Iterator[Change]:
    """The host's layer: the lab network, the pool, the registry."""
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
    if reasons:
        still = {guest.name for guest in new.guests}
        effects = tuple(
            effect
            for guest in old.guests
            if guest.name in still
            for effect in _host_effects(guest, moves=old.libvirt != new.libvirt)
        )
        yield Change(layer="host", name="host", change="replace", reasons=reasons, effects=effects)


def _host_effects(guest: Guest, *, moves: bool) -> tuple[Effect, ...]:
    itself = Effect(
        layer="guest",
        name=guest.name,
        effect="recreate" if moves else "restart",
        data=("lost" if moves else "kept") if guest.volumes else "none",
    )
    return (itself, *(blast.removed(guest) if moves else blast.restarted(guest)))


def guest_changes(old: Plan | None, new: Plan | None) -> Iterator[Change]:
    """Each guest that comes, goes, or is not what it was."""
    before = {guest.name: guest for guest in old.guests} if old else {}
    after = {guest.name: guest for guest in new.guests} if new else {}
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield Change(
                layer="guest",
                name=name,
                change="delete",
                reasons=(),
                effects=blast.removed(before[name]),
            )
        elif name not in before:
            yield Change(layer="guest", name=name, change="create", reasons=())
        elif old and new:
            yield from _changed(old, new, before[name], after[name])


def _changed(old: Plan, new: Plan, before: Guest, after: Guest) -> Iterator[Change]:
    root = tuple(_root_reasons(old, new, before, after))
    data = tuple(_data_reasons(before, after))
    domain = tuple(_domain_reasons(old, new, before, after))
    if root:
        effects = blast.emptied(before) if data else ()
        lost = {effect.name for effect in effects if effect.data == "lost"}
        effects = tuple(
            effect if effect.name not in lost else _as_lost(effect)
            for effect in blast.rebuilt(before)
        )
    elif data:
        effects = blast.emptied(before)
    else:
        effects = blast.restarted(before)
    if root or data or domain:
        yield Change(
            layer="guest",
            name=after.name,
            change="replace",
            reasons=(*domain, *root, *data),
            effects=effects,
        )


def _as_lost(effect: Effect) -> Effect:
    return Effect(layer=effect.layer, name=effect.name, effect=effect.effect, data="lost")


def _root_reasons(old: Plan, new: Plan, before: Guest, after: Guest) -> Iterator[str]:
    if before.disk != after.disk:
        yield f"disk {before.disk} MiB -> {after.disk} MiB"
    # Where one of them is not known, it is not known to have changed.
    if old.image and new.image and old.image.digest != new.image.digest:
        yield f"guest image {old.image.digest[:12]} -> {new.image.digest[:12]}"


def _data_reasons(before: Guest, after: Guest) -> Iterator[str]:
    if before.data != after.data:
        sizes = (f"{size} MiB" if size else "none" for size in (before.data, after.data))
        yield f"data {' -> '.join(sizes)}"


def _domain_reasons(old: Plan, new: Plan, before: Guest, after: Guest) -> Iterator[str]:
    if before.memory != after.memory:
        yield f"memory {before.memory} MiB -> {after.memory} MiB"
    if before.vcpus != after.vcpus:
        yield f"vcpus {before.vcpus} -> {after.vcpus}"
    if old.kvm != new.kvm:
        words = ("kvm" if plan.kvm else "tcg" for plan in (old, new))
        yield f"virtualization {' -> '.join(words)}"
    if old.network.cidr == new.network.cidr and before.address != after.address:
        yield f"address {before.address} -> {after.address}"
