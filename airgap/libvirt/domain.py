"""Domains: the guests' virtual machines."""

import contextlib
from collections.abc import Iterable

import libvirt

from airgap.framework import (
    Change,
    Context,
    Created,
    Failure,
    Inputs,
    ResourceType,
    State,
)
from airgap.libvirt import leases
from airgap.libvirt.connection import Connection, found, ignoring_gone, remove_leftover
from airgap.libvirt.domain_schema import INPUTS
from airgap.libvirt.domain_state import state_of
from airgap.libvirt.domain_xml import DISK_LETTERS, document, network_of, seed_disk
from airgap.libvirt.xml import text, transformed

_ALL_OF_IT = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)
_IN_PLACE = ("addresses", "hostname")
"""What of an interface needs no new domain."""


class Domain(ResourceType[Connection]):
    """A virtual machine; autostart, running, seed and addresses change in place."""

    token = "libvirt:index/domain:Domain"
    inputs = INPUTS
    computed = ("arch", "emulator")
    unfilled = ("bootDevices", "filesystems", "firmware", "metadata", "nvram", "tpm")

    def problems(self, inputs: Inputs) -> Iterable[tuple[str, str]]:
        disks = inputs.get("disks", [])
        for index, each in enumerate(disks):
            if each["scsi"] is True:
                yield (
                    f"disks[{index}].scsi",
                    "is true, expected false: disks are virtio",
                )
        if len(disks) > len(DISK_LETTERS):
            yield "disks", f"are {len(disks)}, expected at most {len(DISK_LETTERS)}"
        for index, each in enumerate(inputs.get("networkInterfaces", ())):
            if "networkId" not in each and "networkName" not in each:
                yield f"networkInterfaces[{index}].networkId", "is required"
        if inputs["coreosIgnition"] not in ("", None):
            yield "coreosIgnition", "is not supported by isolab's plugin; use cloudinit"

    def adjust(self, changes: list[Change], state: State, inputs: Inputs) -> list[Change]:
        return [
            Change(path=each.path, what=each.what, replaces=True)
            if each.top == "networkInterfaces" and not _in_place(each.path)
            else each
            for each in changes
        ]

    def adopted(self, state: State, inputs: Inputs) -> Inputs:
        """A seed's id has a part that nobody can read from the domain."""
        seed = inputs.get("cloudinit")
        if isinstance(seed, str) and seed.split(";")[0] == state.get("cloudinit"):
            state = {**state, "cloudinit": seed}
        return super().adopted(state, inputs)

    def create(self, context: Context[Connection], inputs: Inputs) -> Created:
        connection, name = context.client, inputs["name"]
        interfaces = inputs.get("networkInterfaces", ())
        with context.client.told(f"domain {name} could not be created"):
            if found(connection.handle.lookupByName, name):
                raise Failure(
                    f"a domain {name} already exists and is not this stack's: "
                    f"look at it with `virsh dominfo {name}`"
                )
            context.making()
            root = document(connection, inputs)
            domain = connection.handle.defineXML(transformed(root, inputs))
            try:
                domain.setAutostart(1 if inputs.get("autostart") else 0)
                leases.reserve(connection, interfaces)
                if inputs["running"]:
                    _start(connection, domain, inputs)
            except BaseException:
                with contextlib.suppress(libvirt.libvirtError):
                    _remove(domain)
                leases.release(connection, interfaces)
                raise
            return Created(domain.UUIDString(), state_of(connection, domain, inputs))

    def leftover(self, context: Context[Connection], inputs: Inputs) -> None:
        lookup = context.client.handle.lookupByName
        remove_leftover(self, "domain", lookup, context, inputs)

    def read(self, context: Context[Connection], id: str, state: State) -> State | None:
        connection = context.client
        with context.client.told(f"domain {id} cannot be read"):
            domain = found(connection.handle.lookupByUUIDString, id)
            return None if domain is None else state_of(connection, domain, state)

    def update(self, context: Context[Connection], id: str, state: State, inputs: Inputs) -> State:
        connection, name = context.client, inputs["name"]
        with context.client.told(f"domain {name} could not be updated"):
            domain = found(connection.handle.lookupByUUIDString, id)
            if domain is None:
                raise Failure(f"the domain {name} is gone: run a refresh, then up again")
            domain.setAutostart(1 if inputs.get("autostart") else 0)
            if inputs.get("cloudinit") != state.get("cloudinit"):
                _change_seed(domain, state, inputs)
            leases.reserve(connection, inputs.get("networkInterfaces", ()))
            if inputs["running"] and not domain.isActive():
                _start(connection, domain, inputs)
            if not inputs["running"] and domain.isActive():
                ignoring_gone(domain.destroy)
            # As with the official plugin, an update does not read the addresses back.
            state = state_of(connection, domain, inputs)
            asked = inputs.get("networkInterfaces", ())
            for told, wanted in zip(state["networkInterfaces"], asked, strict=False):
                told["addresses"] = wanted.get("addresses", [])
            return state

    def delete(self, context: Context[Connection], id: str, state: State) -> None:
        connection = context.client
        with context.client.told(f"domain {state.get('name', id)} could not be removed"):
            domain = found(connection.handle.lookupByUUIDString, id)
            if domain is not None:
                _remove(domain)
            leases.release(connection, state.get("networkInterfaces", ()))


def _in_place(path: str) -> bool:
    return any(f".{name}" in path for name in _IN_PLACE)


def _start(connection: Connection, domain: libvirt.virDomain, inputs: Inputs) -> None:
    """Starts it, and before it the networks that someone has stopped."""
    for each in inputs.get("networkInterfaces", ()):
        network = network_of(connection, each)
        if not network.isActive():
            network.create()
    domain.create()


def _remove(domain: libvirt.virDomain) -> None:
    if domain.isActive():
        try:
            domain.destroy()
        except libvirt.libvirtError:
            if domain.isActive():  # else it ended by itself just now
                raise
    ignoring_gone(lambda: domain.undefineFlags(_ALL_OF_IT))


def _change_seed(domain: libvirt.virDomain, state: State, inputs: Inputs) -> None:
    """Another medium in the drive; a guest that never had one gets the drive, at its next start."""
    flags = libvirt.VIR_DOMAIN_AFFECT_CONFIG
    if not inputs.get("cloudinit"):
        domain.detachDeviceFlags(text(seed_disk({**inputs, **state})), flags)
        return
    disk = text(seed_disk(inputs))
    if not state.get("cloudinit"):
        domain.attachDeviceFlags(disk, flags)
        return
    if domain.isActive():
        flags |= libvirt.VIR_DOMAIN_AFFECT_LIVE
    domain.updateDeviceFlags(disk, flags | libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE)
