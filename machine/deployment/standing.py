"""What a stack has made already, for a program that runs inside the engine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from isolab.plan.guest import domain_disks, domain_form
from isolab.plan.guest.domain_form import Form
from isolab.plan.model import Guest, Plan
from isolab.plan.readback import Ports
from isolab.transport import Unreachable
from machine.deployment import leftovers, state
from machine.deployment.state import Resource
from machine.host.transport import HostTransport


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """The domains and containers of a stack that there are."""

    names: frozenset[str]
    ports: Mapping[str, Ports] = field(default_factory=dict[str, Ports])
    """Of its containers, by name, as the engine read them last."""
    keeps_xml: frozenset[str] = frozenset()
    """Domains whose disks have an older form, and of which nothing else changes that replaces one.

    With a new stylesheet the next up would replace them all, and so cut their guests' power. They
    did start, so what the new form is for does not concern them on their host.
    """
    cloud_init_disks: frozenset[str] = frozenset()
    """Domains whose seed is the provider's cloud-init disk, as an earlier isolab made it.

    A volume in its place would replace them all.
    """
    sources: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of its volumes that were filled from a file: the file, by the volume's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """Whose state knows the lab, where that is not isolab's own program."""

    project: str
    stack: str
    """Pulumi's name of it."""
    component: str
    """The end of its URN: isolab:index:Lab::lab. Another lab's containers have the same names."""


def standing(plan: Plan, program: Program | None = None) -> Standing:
    """What of the stack there is; in another state where somebody else's program has the lab.

    Read from the file of a file backend: asking the engine from its own program would be a second
    engine on the same stack. Of another backend's stack libvirt tells the domains, and their
    containers are taken to be there, with ports that nobody read.
    """
    stack, project = (program.stack, program.project) if program else (plan.stack, state.PROJECT)
    file = state.file(os.environ.get("PULUMI_BACKEND_URL", ""), stack, project)
    if file and file.exists():
        known = state.parse(file.read_text())
        containers = known.of_type(leftovers.CONTAINER)
        if program:
            own = known.within(program.component)
            containers = tuple(container for container in containers if container.urn in own)
        domains = {r.name: r for r in known.of_type(leftovers.DOMAIN)}
        seeds = {r.name for r in known.of_type(leftovers.SEED)}
        there = [guest for guest in plan.guests if guest.domain in domains]
        return Standing(
            names=frozenset({*domains, *(r.name for r in containers)}),
            ports={r.name: r.ports for r in containers},
            keeps_xml=frozenset(
                guest.domain
                for guest in there
                if domain_form.may_stay(_asked(domains[guest.domain]), guest, plan)
            ),
            cloud_init_disks=frozenset(
                guest.domain for guest in there if domain_disks.seed_before(guest) in seeds
            ),
            sources={
                r.name: r.inputs["source"]
                for r in known.of_type(leftovers.VOLUME)
                if r.inputs.get("source")
            },
        )
    domains = _domains(plan.libvirt)
    there = [guest for guest in plan.guests if guest.domain in domains]
    containers = {c.name for guest in there for c in guest.containers}
    written = {guest.domain: _written(guest, plan) for guest in there}
    return Standing(
        names=frozenset({guest.domain for guest in there} | containers),
        keeps_xml=frozenset(
            guest.domain
            for guest in there
            if domain_form.may_stay(domain_form.read(written[guest.domain]), guest, plan)
        ),
        cloud_init_disks=frozenset(
            guest.domain
            for guest in there
            if domain_disks.seed_before(guest) in domain_form.volumes(written[guest.domain])
        ),
    )


def _asked(domain: Resource) -> Form | None:
    """What a domain was asked to be."""
    given = domain.inputs
    try:
        return domain_form.asked(
            kind=given["type"],
            memory=given["memory"],
            vcpus=given["vcpu"],
            disks=len(given["disks"]),
            mode=given["cpu"]["mode"] if given.get("cpu") else "",
            stylesheet=given["xml"]["xslt"] if given.get("xml") else "",
        )
    except (KeyError, TypeError, AttributeError):
        return None


def _written(guest: Guest, plan: Plan) -> str:
    """libvirt's XML of a domain; empty where it does not answer."""
    words = ["virsh", "-qc", plan.libvirt, "dumpxml", "--inactive", guest.domain]
    try:
        said = HostTransport().run(words)
    except Unreachable:
        return ""
    return said.stdout if said.ok else ""


def _domains(libvirt: str) -> frozenset[str]:
    """All domains on the host; none where libvirt does not answer, and so none can be changed."""
    try:
        said = HostTransport().run(["virsh", "-qc", libvirt, "list", "--all", "--name"])
    except Unreachable:
        return frozenset()
    return frozenset(said.stdout.split())
