"""What a stack has made already, for a program that runs inside the engine."""

import os

from isolab.plan.model import Plan
from isolab.transport import Unreachable
from machine.deployment import leftovers, state
from machine.transport import HostTransport


def standing(plan: Plan) -> frozenset[str]:
    """Names of the stack's domains and containers that there are.

    Read from the file of a file backend: asking the engine from its own program would be a second
    engine on the same stack. Of another backend's stack libvirt tells the domains, and their
    containers are taken to be there.
    """
    file = state.file(os.environ.get("PULUMI_BACKEND_URL", ""), plan.stack)
    if file and file.exists():
        known = state.parse(file.read_text())
        return frozenset(r.name for r in known.of_type(leftovers.DOMAIN, leftovers.CONTAINER))
    domains = _domains(plan.libvirt)
    there = [guest for guest in plan.guests if guest.domain in domains]
    return frozenset(
        {guest.domain for guest in there} | {c.name for guest in there for c in guest.containers}
    )


def _domains(libvirt: str) -> frozenset[str]:
    """All domains on the host; none where libvirt does not answer, and so none can be changed."""
    try:
        said = HostTransport().run(["virsh", "-qc", libvirt, "list", "--all", "--name"])
    except Unreachable:
        return frozenset()
    return frozenset(said.stdout.split())
