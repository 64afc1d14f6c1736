"""What becomes of every guest and container in one up, from the plans before and after."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from isolab.diff import facts
from isolab.diff.facts import PlanFacts
from isolab.plan.model import HOST, Container, Guest, Plan

ContainerAction = Literal[
    "create", "delete", "move", "recreate", "restart", "lie", "update", "stay"
]
"""Of a container: `lie` is one that nobody starts again, `stay` one that notices nothing."""
Parts = Mapping[str, str]
"""What differs, each with the words for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestTransition:
    """One guest, before and after."""

    name: str
    old: Guest | None
    new: Guest | None
    root: Parts = field(default_factory=dict[str, str])
    """Why its root disk is replaced."""
    data: Parts = field(default_factory=dict[str, str])
    """Why its volumes are on another disk."""
    domain: Parts = field(default_factory=dict[str, str])
    """Why its domain alone is replaced."""
    below: bool = False
    """The lab network that it is on is replaced, and its domain with it."""

    @property
    def stays(self) -> bool:
        """It was there and will be."""
        return self.old is not None and self.new is not None

    @property
    def reboots(self) -> bool:
        """Its domain is replaced, for whatever reason."""
        return self.stays and bool(self.root or self.data or self.domain or self.below)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerTransition:
    """One container, before and after, and what of it its own lab file entries change."""

    name: str
    service: str
    old: Container | None
    new: Container | None
    parts: Parts
    """What its service's entry changes."""
    readdressed: bool
    """An address that it is told (its own, another guest's, the registry's) is another one."""

    @property
    def moves(self) -> bool:
        """It goes on, on another guest."""
        return bool(self.old and self.new and self.old.guest != self.new.guest)


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """A whole lab, before and after."""

    old: Plan | None
    new: Plan | None
    guests: Mapping[str, GuestTransition]
    containers: Mapping[str, ContainerTransition]
    """Of services, on guests and on the host."""
    verdicts: dict[str, tuple[ContainerAction, str]] = field(
        default_factory=dict[str, tuple[ContainerAction, str]], compare=False, repr=False
    )
    """What actions.container_action has decided of containers: others follow from it."""

    @property
    def subnet(self) -> bool:
        """The lab network is replaced."""
        return bool(self.old and self.new and self.old.network.cidr != self.new.network.cidr)

    @property
    def elsewhere(self) -> bool:
        """The lab goes to another libvirt, where nothing of it is."""
        return bool(self.old and self.new and self.old.libvirt != self.new.libvirt)

    def guest_of(self, container: ContainerTransition) -> GuestTransition | None:
        """The guest that the container was on; None for the host."""
        return self.guests.get(container.old.guest) if container.old else None


def transition(old: Plan | None, new: Plan | None) -> Transition:
    """Compare two plans; None is no lab at all."""
    return Transition(old=old, new=new, guests=_guests(old, new), containers=_containers(old, new))


def everything(plan: Plan | None) -> tuple[Container, ...]:
    """The containers of all services, on guests and on the host itself."""
    return (*plan.containers, *plan.host_containers) if plan else ()


def _guests(old: Plan | None, new: Plan | None) -> Mapping[str, GuestTransition]:
    before = {guest.name: guest for guest in old.guests} if old else {}
    after = {guest.name: guest for guest in new.guests} if new else {}
    return {
        name: _guest(name, before.get(name), after.get(name), old, new)
        for name in sorted(before.keys() | after.keys())
    }


def _guest(
    name: str, before: Guest | None, after: Guest | None, old: Plan | None, new: Plan | None
) -> GuestTransition:
    if not (before and after and old and new):
        return GuestTransition(name=name, old=before, new=after)
    root: dict[str, str] = {}
    data: dict[str, str] = {}
    domain: dict[str, str] = {}
    places = {"disk": root, "image": root, "cloud_init": root, "data": data}
    for what, words in facts.guest_differences(before, after):
        places.get(what, domain)[what] = words
    # Where one of them is not known, it is not known to have changed.
    first, then = old.image_of(before), new.image_of(after)
    if before.image == after.image and first and then and first.digest != then.digest:
        root["image"] = f"guest image {first.digest[:12]} -> {then.digest[:12]}"
    if old.kvm != new.kvm:
        ways = ("kvm" if plan.kvm else "tcg" for plan in (old, new))
        domain["virtualization"] = f"virtualization {' -> '.join(ways)}"
    below = old.network.cidr != new.network.cidr or old.libvirt != new.libvirt
    if not below and before.address != after.address:
        domain["address"] = f"address {before.address} -> {after.address}"
    return GuestTransition(
        name=name, old=before, new=after, root=root, data=data, domain=domain, below=below
    )


def _containers(old: Plan | None, new: Plan | None) -> Mapping[str, ContainerTransition]:
    before = {container.name: container for container in everything(old)}
    after = {container.name: container for container in everything(new)}
    plans = (PlanFacts(old), PlanFacts(new)) if old and new else None
    moved = bool(old and new and old.registry.endpoint != new.registry.endpoint)
    return {
        name: _container(before.get(name), after.get(name), plans, registry_moves=moved)
        for name in [*before, *(name for name in after if name not in before)]
    }


def _container(
    old: Container | None,
    new: Container | None,
    plans: tuple[PlanFacts, PlanFacts] | None,
    *,
    registry_moves: bool,
) -> ContainerTransition:
    here = old or new
    assert here
    parts: Parts = {}
    readdressed = False
    if old and new and plans:
        parts = _parts(old, new, plans)
        pulled = registry_moves and new.digest is not None
        told = (facts.ports_of(old), old.hosts) != (facts.ports_of(new), new.hosts)
        readdressed = pulled or (told and not {"ports", "hosts"} & parts.keys())
    return ContainerTransition(
        name=here.name,
        service=here.service,
        old=old,
        new=new,
        parts=parts,
        readdressed=readdressed,
    )


def _parts(old: Container, new: Container, plans: tuple[PlanFacts, PlanFacts]) -> Parts:
    before, after = plans
    if old == new and before.networks(old) == after.networks(new):
        return {}
    parts = dict(facts.differences(before.facts(old), after.facts(new)))
    if old.guest == new.guest:
        return parts
    parts.pop("environment ISOLAB_GUEST", None)
    return {"guest": f"{old.name} on {place(old.guest)} -> {place(new.guest)}"} | parts


def place(guest: str) -> str:
    """Where a container runs, in words."""
    return "the host" if guest == HOST else guest
