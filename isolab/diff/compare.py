"""The architecture diff: what an edit of the lab file changes, layer by layer, from plans alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from isolab.diff import order, times, volumes
from isolab.diff.balancers import balancer_changes
from isolab.diff.change import Change
from isolab.diff.guests import guest_changes, host_change
from isolab.diff.reach import Reach
from isolab.diff.services import service_changes
from isolab.diff.transition import everything, transition
from isolab.plan import hidden
from isolab.plan.model import Container, Plan

NOTHING: Mapping[str, Sequence[float]] = {}


def diff(
    old: Plan | None,
    new: Plan | None,
    measured: Mapping[str, Sequence[float]] = NOTHING,
    *,
    key: str = "",
) -> tuple[Change, ...]:
    """All changes from the old plan to the new one, with what follows from each.

    Args:
        old: What is; None is no lab at all.
        new: What is to be; None is no lab at all.
        measured: How long this machine took for what, see `times`.
        key: Of the fingerprints that stand for secrets in a deployed plan; without it nobody can
            tell whether a secret is another one.
    """
    if old is None and new is None:
        return ()
    before, after = old, new
    if old and new:
        after = _comparable(new, old, key)
        before = _comparable(old, after, key)
    reach = Reach(transition(before, after))
    lost = volumes.losses(reach.transition)
    services = (*service_changes(reach, lost), *balancer_changes(reach.transition))
    found = (
        *host_change(reach, lost),
        *guest_changes(reach, lost),
        *sorted(services, key=lambda change: change.name),
    )
    return tuple(_told(reach, change, measured) for change in found)


def _told(reach: Reach, change: Change, measured: Mapping[str, Sequence[float]]) -> Change:
    """With its order of events, and how long they take."""
    if not change.effects and (change.layer != "guest" or change.change == "update"):
        return change
    match change.layer:
        case "host":
            return replace(change, order=tuple(order.of_host(change.effects)))
        case "guest":
            guest = reach.transition.guests[change.name]
            if guest.old is None:
                return change
            events = tuple(order.of_guest(reach, guest, change.effects))
            below = times.of_guest(guest, measured)
        case "service":
            events = tuple(order.of_service(reach, change))
            below = 0.0
    return times.timed(reach, replace(change, order=events), below, measured)


def _comparable(plan: Plan, other: Plan, key: str) -> Plan:
    """The plan, its secrets in the form that the other one has them in."""
    others = {container.name: container for container in everything(other)}

    def like(container: Container) -> Container:
        known = others.get(container.name)
        return hidden.comparable(container, known, key) if known else container

    return plan.with_containers(like)
