"""The layers that Compose does not have: host, network, guests, placement."""

from collections.abc import Mapping
from typing import NoReturn

from isolab.labfile import scalars
from isolab.labfile.node import Fields, Gathering, Node, Reader
from isolab.model import GuestGroup, Host, Virtualization

_DEFAULT = GuestGroup(name="")
_VIRTUALIZATION: Reader[Virtualization] = scalars.choice("auto", "kvm", "tcg")


def host(node: Node) -> Host:
    """The physical host."""
    default = Host()
    with Fields(node, ("libvirt", "virtualization"), "host") as fields:
        libvirt = fields.get("libvirt", scalars.filled, default.libvirt)
        virtualization: Virtualization = fields.get(
            "virtualization", _VIRTUALIZATION, default.virtualization
        )
    return Host(libvirt=libvirt, virtualization=virtualization)


def network(node: Node) -> str | None:
    """The lab network's subnet; None is auto."""
    with Fields(node, ("cidr",), "network") as fields:
        cidr = fields.get("cidr", scalars.filled, "auto")
    return None if cidr == "auto" else cidr


def guest_group(name: str, node: Node) -> GuestGroup:
    """Guests that are alike."""
    scalars.check_name(node, name, "a guest group")
    known = ("count", "memory", "vcpus", "disk", "data")
    with Fields(node, known, "a guest group") as fields:
        group = GuestGroup(
            name=name,
            count=fields.get("count", scalars.integer(1, 100), _DEFAULT.count),
            memory=fields.get("memory", scalars.size, _DEFAULT.memory),
            vcpus=fields.get("vcpus", scalars.integer(1, 256), _DEFAULT.vcpus),
            disk=fields.get("disk", scalars.size, _DEFAULT.disk),
            data=fields.get("data", scalars.size, None),
        )
    return group


def placement(node: Node) -> Mapping[str, tuple[str, ...]]:
    """Services, or "*", to guest groups and guests."""
    places: dict[str, tuple[str, ...]] = {}
    with Gathering() as gathering:
        for service, where in node.mapping().items():
            places[service] = gathering.read(where, scalars.one_or_many(scalars.filled))
    return places


def not_yet(node: Node) -> NoReturn:
    """A key of the design that this version cannot build."""
    node.refuse(f"{node.path[-1]} are not supported yet", "leave it out for now")
