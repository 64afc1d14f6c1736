"""DHCP reservations: which address a guest's interface is given."""

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

import libvirt

from airgap.libvirt.connection import Connection
from airgap.libvirt.domain_xml import network_of
from airgap.libvirt.xml import element, parse, text

_SECTION = libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST


def reserved(network: libvirt.virNetwork) -> dict[str, set[str]]:
    """MAC to the addresses that are reserved for it."""
    found: dict[str, set[str]] = {}
    for host in parse(network.XMLDesc()).findall("ip/dhcp/host"):
        if host.get("mac"):
            found.setdefault(host.get("mac").lower(), set()).add(host.get("ip"))
    return found


def reserve(connection: Connection, interfaces: Iterable[Mapping[str, Any]]) -> None:
    """Keeps the addresses that the interfaces ask for; others of the same MAC are let go of."""
    for each in interfaces:
        if not each.get("mac") or not each.get("addresses"):
            continue
        network, mac = network_of(connection, each), each["mac"].lower()
        if parse(network.XMLDesc()).find("ip/dhcp") is None:
            continue
        present = reserved(network).get(mac, set())
        wanted = set(each["addresses"])
        for address in present - wanted:
            _update(network, libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE, mac, address, None)
        for address in wanted - present:
            command = libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST
            _update(network, command, mac, address, each.get("hostname"))


def release(connection: Connection, interfaces: Iterable[Mapping[str, Any]]) -> None:
    """Gives up what was reserved for the interfaces; a network that is gone needs nothing."""
    for each in interfaces:
        with contextlib.suppress(Exception):
            network, mac = network_of(connection, each), each["mac"].lower()
            for address in reserved(network).get(mac, ()):
                _update(
                    network,
                    libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE,
                    mac,
                    address,
                    None,
                )


def _update(
    network: libvirt.virNetwork, command: int, mac: str, address: str, name: str | None
) -> None:
    entry = element("host", mac=mac, ip=address, name=name)
    network.update(command, _SECTION, -1, text(entry), _flags(network))


def _flags(network: libvirt.virNetwork) -> int:
    config = libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG
    return config | libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE if network.isActive() else config
