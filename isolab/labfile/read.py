"""The whole lab file: from the root node to the lab."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from isolab.labfile import balancers, clusters, files, guests, layers, security
from isolab.labfile.compose import containers, links, profiles
from isolab.labfile.compose.include import include
from isolab.labfile.host import host
from isolab.labfile.ipam import ipam
from isolab.labfile.keys import (
    LAB,
    LAB_NETWORK,
    OUTSIDE_LAB,
    OUTSIDE_LAB_NETWORK,
    OUTSIDE_VOLUME,
    VOLUME,
)
from isolab.labfile.names import COMPOSE_NAME, NAME, check_compose_name, check_name
from isolab.labfile.service import Draft, service
from isolab.labfile.syntax.node import Node
from isolab.labfile.syntax.parse import places
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, entries, forms
from isolab.labfile.values.shape import Shaped, accepts, text_like
from isolab.labfile.values.tables import nothing, table
from isolab.model import Host, Lab, Security, Service, ServiceNetwork

T = TypeVar("T")


def lab(root: Node) -> Lab:
    """The lab that the file describes."""
    file = Path(root.position.file)
    with Fields(root, LAB, "a lab file", OUTSIDE_LAB) as fields:
        fields.get("include", include, ())
        fields.get("version", scalars.text, "")
        there, missing = _drafts(fields, profiles.active(root.origin.variables))
        name = fields.get("name", _name, "") or file.stem
        chosen: Security = fields.get("security", security.security, "compose")
        volumes = fields.get("volumes", _named(_volume), ()) or ()
        # Where it cannot be read, there is no lab either.
        network = fields.get("network", layers.network, None) or layers.Network()
        made = Lab(
            name=name,
            file=str(file),
            description=fields.get("description", scalars.text, ""),
            security=chosen,
            host=fields.get("host", host, Host()),
            cidr=network.cidr,
            outside=network.outside,
            host_ports=network.host_ports,
            guests=fields.get("guests", guests.groups, ()),
            services=_services(there, name, chosen),
            notes=tuple(note for draft in there for note in draft.notes),
            disabled=missing,
            networks=fields.get("networks", _named(_network), ()),
            volumes=tuple(name for name, _ in volumes),
            external_volumes=tuple(name for name, external in volumes if external),
            secrets=(
                *(fields.get("secrets", _named(files.source("secret")), ()) or ()),
                *(fields.get("configs", _named(files.source("config")), ()) or ()),
            ),
            placement=fields.get("placement", layers.placement, {}),
            balancers=fields.get("balancers", entries(balancers.balancer, NAME), ()),
            clusters=fields.get("clusters", entries(clusters.cluster, NAME), ()),
            positions=dict(places(root)),
        )
    return made


def _drafts(
    fields: Fields, asked: frozenset[str]
) -> tuple[tuple[Draft, ...], dict[str, tuple[str, ...]]]:
    """The services that are there with these profiles, and the others with their profiles."""
    drafts = containers.resolved(fields.get("services", _named(service), ()) or ())
    there, missing = profiles.enabled(drafts, asked), profiles.disabled(drafts, asked)
    for draft in there:
        for problem in profiles.unmet(draft, missing):
            fields.add(problem)
    for problem in containers.unknown(there):
        fields.add(problem)
    fields.some_of("services", "include", example='services: {web: {image: "isolab/guestbook:1"}}')
    return there, missing


def _services(drafts: tuple[Draft, ...], lab: str, chosen: Security) -> tuple[Service, ...]:
    """Each with what only the lab around it tells: who is there, its security, links to it."""
    names = frozenset(draft.service.name for draft in drafts)
    completed = (profiles.completed(draft, names, lab) for draft in drafts)
    secured = (
        security.completed(made, draft.node, chosen)
        for made, draft in zip(completed, drafts, strict=True)
    )
    return links.applied(secured, drafts)


def _named(reader: Callable[[str, Node], T]) -> Shaped[tuple[T, ...]]:
    """A section of things by their names, of which Compose takes none for an extension."""
    return entries(reader, COMPOSE_NAME, extensions=False)


@accepts(text_like("a name of small letters, digits and hyphens", NAME))
def _name(node: Node) -> str:
    return check_name(node, scalars.text(node), "a lab")


def _external(node: Node) -> bool:
    """In Compose's old form, with its name in Docker."""
    with Fields(node, {"name": "No effect: it goes by its key."}, "external") as fields:
        fields.get("name", scalars.text, "")
    return True


_EXTERNAL = forms(text=scalars.flag, mapping=_external)


_DRIVERS = {
    "bridge": "leave it out: services that share a network reach each other on all guests",
    "local": "leave it out: the volume lies on the guest",
}
"""The one driver of networks, and that of volumes, with what to do instead of another."""


def _is_external(fields: Fields, driver: str) -> bool:
    """Whether somebody else was to make it; beside that what has no effect here."""
    fields.get("driver", scalars.choice(driver, hint=_DRIVERS[driver]), driver)
    fields.get("name", scalars.text, "")
    fields.get("labels", table(fallback=nothing), {})
    return fields.get("external", _EXTERNAL, False)


def _network(name: str, node: Node) -> ServiceNetwork:
    check_compose_name(node, name, "a network")
    with Fields(node, LAB_NETWORK, "a network", OUTSIDE_LAB_NETWORK) as fields:
        external = _is_external(fields, driver="bridge")
        fields.get("attachable", scalars.flag, False)
        fields.get("enable_ipv4", scalars.only(word=True, hint="guests have nothing else"), True)
        fields.get("enable_ipv6", scalars.only(word=False, hint="guests have IPv4 alone"), False)
        internal = fields.get("internal", scalars.flag, False)
        subnet = fields.get("ipam", ipam, None)
    return ServiceNetwork(name=name, internal=internal, external=external, subnet=subnet)


def _volume(name: str, node: Node) -> tuple[str, bool]:
    """Its name, and whether somebody else was to make it."""
    check_compose_name(node, name, "a volume")
    with Fields(node, VOLUME, "a volume", OUTSIDE_VOLUME) as fields:
        external = _is_external(fields, driver="local")
    return name, external
