"""What a stack has made already, for a program that runs inside the engine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from isolab.plan.model import Plan
from isolab.plan.readback import Ports
from isolab.transport import Unreachable
from machine.deployment import leftovers, state
from machine.transport import HostTransport


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """The domains and containers of a stack that there are."""

    names: frozenset[str]
    ports: Mapping[str, Ports] = field(default_factory=dict[str, Ports])
    """Of its containers, by name, as the engine read them last."""


def standing(plan: Plan) -> Standing:
    """What of the stack there is.

    Read from the file of a file backend: asking the engine from its own program would be a second
    engine on the same stack. Of another backend's stack libvirt tells the domains, and their
    containers are taken to be there, with ports that nobody read.
    """
    file = state.file(os.environ.get("PULUMI_BACKEND_URL", ""), plan.stack)
    if file and file.exists():
        known = state.parse(file.read_text())
        containers = known.of_type(leftovers.CONTAINER)
        return Standing(
            names=frozenset(r.name for r in (*known.of_type(leftovers.DOMAIN), *containers)),
            ports={r.name: r.ports for r in containers},
        )
    domains = _domains(plan.libvirt)
    there = [guest for guest in plan.guests if guest.domain in domains]
    containers = {c.name for guest in there for c in guest.containers}
    return Standing(names=frozenset({guest.domain for guest in there} | containers))


def _domains(libvirt: str) -> frozenset[str]:
    """All domains on the host; none where libvirt does not answer, and so none can be changed."""
    try:
        said = HostTransport().run(["virsh", "-qc", libvirt, "list", "--all", "--name"])
    except Unreachable:
        return frozenset()
    return frozenset(said.stdout.split())
