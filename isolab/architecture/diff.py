"""The architecture diff: what an edit of the lab file changes, layer by layer, from plans alone."""

from isolab.architecture.change import Change
from isolab.architecture.guests import guest_changes, host_change
from isolab.architecture.services import service_changes
from isolab.plan.model import Plan
from isolab.plan.serialize import without_secrets


def diff(old: Plan | None, new: Plan | None) -> tuple[Change, ...]:
    """All changes from the old plan to the new one; None is no lab at all."""
    if old is None and new is None:
        return ()
    before, after = (plan and without_secrets(plan) for plan in (old, new))
    return (
        *host_change(before, after),
        *guest_changes(before, after),
        *service_changes(before, after),
    )
