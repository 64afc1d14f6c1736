"""The architecture diff: what an edit of the lab file changes, layer by layer, from plans alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from isolab.diff import order, times, volumes
from isolab.diff.balancers import balancer_changes
from isolab.diff.change import Change
from isolab.diff.guests import guest_changes, host_change
from isolab.diff.reach import Reach
from isolab.diff.services import service_changes
from isolab.diff.transition import transition
from isolab.plan.model import Plan
from isolab.plan.serialize import without_secrets

NOTHING: Mapping[str, Sequence[float]] = {}


def diff(
    old: Plan | None, new: Plan | None, measured: Mapping[str, Sequence[float]] = NOTHING
) -> tuple[Change, ...]:
    """All changes from the old plan to the new one, with what follows from each.

    Args:
        old: What is; None is no lab at all.
        new: What is to be; None is no lab at all.
        measured: How long this machine took for what, see `times`.
    """
    if old is None and new is None:
        return ()
    before, after = (plan and without_secrets(plan) for plan in (old, new))
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
    if not change.effects and change.layer != "guest":
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
