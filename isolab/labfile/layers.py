"""The layers that Compose does not have: host, network, guests, placement."""

from collections.abc import Mapping
from typing import NoReturn

from isolab.labfile import scalars
from isolab.labfile.names import check_name
from isolab.labfile.node import Node, Reader
from isolab.labfile.quantities import size
from isolab.labfile.reading import Fields, each
from isolab.labfile.shape import ANYTHING, accepts
from isolab.model import GuestGroup, Host, Virtualization

_DEFAULT = GuestGroup(name="")
_VIRTUALIZATION: Reader[Virtualization] = scalars.choice("auto", "kvm", "tcg")
_HOST = {
    "libvirt": "Any libvirt URI.",
    "virtualization": "auto takes KVM where it works, and emulation by TCG where not.",
}
_NETWORK = {"cidr": "The subnet of host and guests; auto derives one from the stack's name."}
_GUESTS = {
    "count": "How many: app with count 2 makes app-1 and app-2.",
    "memory": "What each guest's OS sees.",
    "vcpus": "Processors of each guest.",
    "disk": "Size of each root disk, which is rebuilt at will.",
    "data": "Size of each data disk, which is kept and holds the volumes; without it, none.",
}


def host(node: Node) -> Host:
    """The physical host."""
    default = Host()
    with Fields(node, _HOST, "host") as fields:
        libvirt = fields.get("libvirt", scalars.filled, default.libvirt)
        virtualization: Virtualization = fields.get(
            "virtualization", _VIRTUALIZATION, default.virtualization
        )
    return Host(libvirt=libvirt, virtualization=virtualization)


def network(node: Node) -> str | None:
    """The lab network's subnet; None is auto."""
    with Fields(node, _NETWORK, "network") as fields:
        cidr = fields.get("cidr", scalars.filled, "auto")
    return None if cidr == "auto" else cidr


def guest_group(name: str, node: Node) -> GuestGroup:
    """Guests that are alike."""
    check_name(node, name, "a guest group")
    with Fields(node, _GUESTS, "a guest group") as fields:
        group = GuestGroup(
            name=name,
            count=fields.get("count", scalars.integer(1, 100), _DEFAULT.count),
            memory=fields.get("memory", size, _DEFAULT.memory),
            vcpus=fields.get("vcpus", scalars.integer(1, 256), _DEFAULT.vcpus),
            disk=fields.get("disk", size, _DEFAULT.disk),
            data=fields.get("data", size, None),
        )
    return group


_PLACES = scalars.one_or_many(scalars.filled)
placement: Reader[Mapping[str, tuple[str, ...]]] = each(lambda _, node: _PLACES(node))
"""Services, or "*", to guest groups and guests."""


@accepts(ANYTHING)
def not_yet(node: Node) -> NoReturn:
    """A key of the design that this version cannot build."""
    node.refuse(f"{node.path[-1]} are not supported yet", "leave it out for now")
