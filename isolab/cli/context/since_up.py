"""What has happened to the machine since the last `up` of a stack, and concerns its lab."""

from collections.abc import Iterable, Iterator

from isolab.plan.model import Plan, Taken
from isolab.plan.network import overlaps

RESTARTED = "the machine was started since the last up: ./lab up starts what is off"

WHAT_TO_DO = f"{overlaps.WHAT_TO_DO}, or the network.cidr that the lab file names"


def told(
    plan: Plan, networks: Iterable[Taken], *, deployed: float, started: float, drift: bool
) -> Iterator[str]:
    """A line each.

    Args:
        plan: As it was deployed.
        networks: Those of everybody else on the machine.
        deployed: When the stack's state was written last, in seconds since 1970.
        started: When the machine was started, likewise.
        drift: Whether anything is not as it was deployed.
    """
    if drift and 0 < deployed < started:
        yield RESTARTED
    for taken in overlaps.overlapping(plan.network.cidr, networks):
        yield f"{overlaps.words(plan.network.cidr, taken)} ({WHAT_TO_DO})"


def asked(plan: Plan, *, drift: bool) -> tuple[str, ...]:
    """The same, from the machine."""
    from machine.deployment import control, state
    from machine.host import addresses, boot
    from machine.host.transport import HostTransport

    file = state.file(control.backend(), plan.stack)
    networks = (
        Taken(cidr=str(network), owner=owner)
        for network, owner in addresses.in_use(HostTransport(), plan.libvirt, but=plan.stack)
    )
    return tuple(
        told(
            plan,
            networks,
            deployed=file.stat().st_mtime if file and file.exists() else 0.0,
            started=boot.started(),
            drift=drift,
        )
    )
