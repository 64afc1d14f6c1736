"""A domain as libvirt describes it, in the plugin's outputs."""

from collections.abc import Mapping
from typing import Any

import libvirt

from airgap.framework import Inputs, State
from airgap.libvirt.connection import Connection, found
from airgap.libvirt.leases import reserved
from airgap.libvirt.xml import Element, parse

_CARRIED_OVER = (
    "cmdlines",
    "consoles",
    "coreosIgnition",
    "cpu",
    "cloudinit",
    "fwCfgName",
    "graphics",
    "initrd",
    "kernel",
    "machine",
    "qemuAgent",
    "type",
    "video",
    "xml",
)
"""Only a new domain changes these: they are as they were asked for.

libvirt puts a machine type's full name in the place of a short one, so that one which was made
elsewhere does not tell what was asked for.
"""
_DISK: dict[str, Any] = {"blockDevice": "", "file": "", "scsi": False, "url": "", "wwn": ""}
_CONSOLE: dict[str, Any] = {"sourceHost": "127.0.0.1", "sourcePath": "", "sourceService": "0"}
_EMPTY: dict[str, Any] = {
    "coreosIgnition": "",
    "fwCfgName": "opt/com.coreos/config",
    "initrd": "",
    "kernel": "",
    "qemuAgent": False,
}


def state_of(connection: Connection, domain: libvirt.virDomain, known: Inputs) -> State:
    """The outputs; `known` is what was asked for, or empty for a domain made elsewhere."""
    root = parse(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    kind = root.find("os/type")
    state = _told(connection, domain, root, known)
    state |= {name: known.get(name, _EMPTY.get(name)) for name in _CARRIED_OVER}
    consoles = known.get("consoles", ()) if known else _consoles(root)
    state["consoles"] = [_CONSOLE | each for each in consoles]
    if known and "machine" not in known:
        state["machine"] = kind.get("machine")
    if not known:
        state["cloudinit"] = _seed(root)
    state["type"] = known.get("type", root.get("type"))
    if "xml" in known:
        # What the stylesheet made of it is not what the program asked for.
        state |= {name: known[name] for name in ("memory", "vcpu") if name in known}
        state["disks"] = [_DISK | each for each in known.get("disks", ())]
    return state


def _told(
    connection: Connection, domain: libvirt.virDomain, root: Element, known: Inputs
) -> dict[str, Any]:
    """What libvirt tells of it."""
    return {
        "arch": root.find("os/type").get("arch"),
        "autostart": bool(domain.autostart()),
        "bootDevices": [],
        "description": root.findtext("description", ""),
        "disks": _disks(root, known),
        "emulator": root.findtext("devices/emulator", ""),
        "filesystems": [],
        "firmware": None,
        "memory": int(root.findtext("memory")) // 1024,
        "metadata": None,
        "name": domain.name(),
        "networkInterfaces": _interfaces(connection, domain, root, known),
        "nvram": None,
        "running": bool(domain.isActive()),
        "tpm": None,
        "vcpu": int(root.findtext("vcpu")),
    }


def _seed(root: Element) -> str | None:
    """The file in the drive of a domain that was made elsewhere."""
    drive = root.find("devices/disk[@device='cdrom']/source")
    return None if drive is None else drive.get("file")


def _consoles(root: Element) -> list[dict[str, Any]]:
    """Those of a domain that was made elsewhere."""
    return [
        {
            "type": console.get("type"),
            "targetPort": console.find("target").get("port"),
            "targetType": console.find("target").get("type"),
        }
        for console in root.findall("devices/console")
    ]


def _disks(root: Element, known: Inputs) -> list[dict[str, Any]]:
    wanted = {each.get("volumeId"): each for each in known.get("disks", ())}
    present = [
        disk.find("source").get("file")
        for disk in root.findall("devices/disk")
        if disk.get("device") == "disk" and disk.find("source") is not None
    ]
    return [_DISK | wanted.get(path, {}) | {"volumeId": path} for path in present]


def _interfaces(
    connection: Connection, domain: libvirt.virDomain, root: Element, known: Inputs
) -> list[dict[str, Any]]:
    wanted = known.get("networkInterfaces", [])
    elements = root.findall("devices/interface")
    leased = _leased(domain)
    return [
        _interface(connection, each, wanted[index] if index < len(wanted) else {}, leased)
        for index, each in enumerate(elements)
    ]


def _leased(domain: libvirt.virDomain) -> Mapping[str, list[str]]:
    """MAC to the addresses that its guest has taken over DHCP."""
    if not domain.isActive():
        return {}
    source = libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE
    told: Mapping[str, Any] = domain.interfaceAddresses(source)
    return {each["hwaddr"]: [a["addr"] for a in each["addrs"] or []] for each in told.values()}


def _interface(
    connection: Connection,
    each: Element,
    wanted: Mapping[str, Any],
    leased: Mapping[str, list[str]],
) -> dict[str, Any]:
    name = each.find("source").get("network", "")
    mac = each.find("mac").get("address")
    network = found(connection.handle.networkLookupByName, name)
    own = reserved(network).get(mac, set()) if network else set[str]()
    return {
        # Those that the guest has by now; of one that was made elsewhere those that it will have.
        "addresses": leased.get(mac, []) if wanted else sorted(own),
        "bridge": "",
        "hostname": wanted.get("hostname", "") if wanted else None,
        "mac": wanted["mac"] if wanted.get("mac", "").lower() == mac else mac,
        "macvtap": "",
        "networkId": network.UUIDString() if network else wanted.get("networkId", ""),
        "networkName": name,
        "passthrough": "",
        "vepa": "",
        "waitForLease": False,
    }
