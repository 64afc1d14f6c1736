"""A domain's inputs as libvirt's XML."""

from collections.abc import Iterator, Mapping
from typing import Any

from airgap.framework import Failure, Inputs
from airgap.libvirt import storage
from airgap.libvirt.connection import Connection, found
from airgap.libvirt.xml import Element, element, parse, yes_no

DISK_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def document(connection: Connection, inputs: Inputs) -> Element:
    """The domain as the program asks for it."""
    return element(
        "domain",
        element("name", inputs["name"]),
        element("description", inputs["description"]) if inputs.get("description") else None,
        element("memory", str(inputs["memory"]), unit="MiB"),
        element("vcpu", str(inputs["vcpu"])),
        _boot(inputs),
        element("features", element("acpi"), element("apic"), element("pae")),
        element("cpu", mode=inputs["cpu"]["mode"]) if inputs.get("cpu", {}).get("mode") else None,
        element("devices", *_devices(connection, inputs)),
        type=inputs["type"],
    )


def _boot(inputs: Inputs) -> Element:
    kernel, initrd, line = (
        inputs.get("kernel"),
        inputs.get("initrd"),
        command_line(inputs),
    )
    return element(
        "os",
        element("type", "hvm", arch=inputs.get("arch"), machine=inputs.get("machine")),
        element("kernel", kernel) if kernel else None,
        element("initrd", initrd) if initrd else None,
        element("cmdline", line) if line else None,
    )


def command_line(inputs: Inputs) -> str:
    """The kernel's command line; flags stand under the name `_`."""
    words = [
        str(value) if name == "_" else f"{name}={value}"
        for each in inputs.get("cmdlines", ())
        for name, value in each.items()
    ]
    return " ".join(sorted(words))


def _devices(connection: Connection, inputs: Inputs) -> Iterator[Element]:
    if inputs.get("emulator"):
        yield element("emulator", inputs["emulator"])
    for letter, disk in zip(DISK_LETTERS, inputs.get("disks", ()), strict=False):
        yield _disk(connection, disk["volumeId"], f"vd{letter}")
    if inputs.get("cloudinit"):
        yield seed_disk(inputs)
    for each in inputs.get("networkInterfaces", ()):
        yield _interface(connection, each)
    for each in inputs.get("consoles", ()):
        yield _console(each)
    if inputs.get("graphics") and inputs["graphics"]["type"] != "none":
        yield _graphics(inputs["graphics"])
    if inputs.get("video"):
        yield element("video", element("model", type=inputs["video"]["type"]))
    if inputs.get("qemuAgent"):
        yield element(
            "channel",
            element("target", type="virtio", name="org.qemu.guest_agent.0"),
            type="unix",
        )
    yield element("rng", element("backend", "/dev/urandom", model="random"), model="virtio")


def _disk(connection: Connection, path: str, name: str) -> Element:
    volume = storage.volume_at(connection, path, None)
    if volume is None:
        raise Failure(f"there is no volume {path} for the disk {name}")
    format = parse(volume.XMLDesc()).find("target/format").get("type")
    return element(
        "disk",
        element("driver", name="qemu", type="raw" if format == "iso" else format),
        element("source", file=volume.path()),
        element("target", dev=name, bus="virtio"),
        type="file",
        device="disk",
    )


def seed_disk(inputs: Inputs) -> Element:
    """The cloud-init seed as a CD-ROM, where the machine type has a drive for it."""
    sata = "q35" in inputs.get("machine", "")
    return element(
        "disk",
        element("driver", name="qemu", type="raw"),
        element("source", file=inputs["cloudinit"].split(";", 1)[0]),
        element("target", dev="sda" if sata else "hdd", bus="sata" if sata else "ide"),
        element("serial", "cloudinit"),
        element("readonly"),
        type="file",
        device="cdrom",
    )


def network_of(connection: Connection, interface: Mapping[str, Any]) -> Any:
    """The network that an interface is in."""
    handle = connection.handle
    if "networkId" in interface:
        network = found(handle.networkLookupByUUIDString, interface["networkId"])
    else:
        network = found(handle.networkLookupByName, interface["networkName"])
    if network is None:
        wanted = interface.get("networkId") or interface.get("networkName")
        raise Failure(f"there is no network {wanted} for the interface {interface.get('mac', '')}")
    return network


def _interface(connection: Connection, interface: Mapping[str, Any]) -> Element:
    mac = interface.get("mac")
    return element(
        "interface",
        element("mac", address=mac.lower()) if mac else None,
        element("source", network=network_of(connection, interface).name()),
        element("model", type="virtio"),
        type="network",
    )


def _console(console: Mapping[str, Any]) -> Element:
    kind, path = console["type"], console.get("sourcePath")
    source = element("source", path=path) if path else None
    if kind == "tcp":
        host, service = console["sourceHost"], console["sourceService"]
        source = element("source", mode="bind", host=host, service=service)
    return element(
        "console",
        source,
        element("protocol", type="telnet") if kind == "tcp" else None,
        element("target", port=console["targetPort"], type=console.get("targetType")),
        type=kind,
    )


def _graphics(graphics: Mapping[str, Any]) -> Element:
    kind = graphics["listenType"]
    address = graphics["listenAddress"] if kind == "address" else None
    return element(
        "graphics",
        element("listen", type=kind, address=address),
        type=graphics["type"],
        autoport=yes_no(graphics["autoport"]),
    )
