"""`host`: the physical host, and what the lab may have of it."""

from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields
from isolab.model import Host, Virtualization

_VIRTUALIZATION: Reader[Virtualization] = scalars.choice("auto", "kvm", "tcg")
_KEYS = {
    "libvirt": "The URI of a libvirt on this machine.",
    "virtualization": "auto takes KVM where it works, and emulation by TCG where not.",
    "autostart": "Guests start with the host: libvirt starts them at its own start.",
    "trusted": "Whether services on the host may add capabilities, loosen profiles, run as root.",
}


def host(node: Node) -> Host:
    """The physical host."""
    default = Host()
    with Fields(node, _KEYS, "host") as fields:
        libvirt = fields.get("libvirt", scalars.filled, default.libvirt)
        virtualization: Virtualization = fields.get(
            "virtualization", _VIRTUALIZATION, default.virtualization
        )
        autostart = fields.get("autostart", scalars.flag, default.autostart)
        trusted = fields.get("trusted", scalars.flag, default.trusted)
    return Host(
        libvirt=libvirt, virtualization=virtualization, autostart=autostart, trusted=trusted
    )
