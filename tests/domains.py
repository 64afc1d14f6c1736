"""Domains on their way to libvirt: what components ask for, as each set of plugins writes it."""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks

from airgap.libvirt.connection import Connection
from airgap.libvirt.domain_xml import document
from airgap.libvirt.xml import element, parse, text, transformed
from components.lab import Lab
from isolab.plan.model import GuestImage, Plan
from machine.deployment.standing import Standing
from machine.images.service_images import RegistryFiles
from machine.keys import KeyFiles

HELPER = Path("/usr/lib/libvirt/virt-aa-helper")
"""What writes a guest's AppArmor profile at its start; Debian's libvirt-daemon-system has it."""
UUID = "11111111-2222-4333-8444-555555555555"


class _Seen(Mocks):
    """An engine that makes everything at once, and keeps what domains are asked to be."""

    def __init__(self, pool: str) -> None:
        self.pool = pool
        self.domains: list[dict[str, Any]] = []
        self.volumes: dict[str, dict[str, Any]] = {}
        self.names: list[str] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.names.append(args.name)
        match args.typ:
            case "libvirt:index/domain:Domain":
                self.domains.append(args.inputs)
            case "libvirt:index/volume:Volume":
                self.volumes[args.name] = args.inputs
                return f"{self.pool}/{args.inputs['name']}", args.inputs
            case "libvirt:index/cloudInitDisk:CloudInitDisk":
                return f"{self.pool}/{args.inputs['name']};{UUID}", args.inputs
        return f"{args.name}-id", args.inputs

    def call(self, args: MockCallArgs) -> dict[str, Any]:
        return {}


def asked_of(plan: Plan, folder: Path) -> list[dict[str, Any]]:
    """The inputs of a lab's domains."""
    return _made(plan, folder).domains


def volumes_of(plan: Plan, folder: Path) -> dict[str, dict[str, Any]]:
    """The inputs of a lab's volumes, by the names of their resources."""
    return _made(plan, folder).volumes


def order_of(plan: Plan, folder: Path) -> list[str]:
    """The names of a lab's resources in an order in which the engine may make them."""
    return _made(plan, folder).names


def _made(plan: Plan, folder: Path) -> _Seen:
    seen = _Seen(plan.pool.path)
    pulumi.runtime.set_mocks(seen, project="isolab", stack=plan.stack)
    image = GuestImage(
        digest="", disk="/disk", virtual_size=64, prepared=True,
        kernel="/kernel", initrd="/initrd", arguments=("root=/dev/vda", "ro"),
    )  # fmt: skip

    @pulumi.runtime.test
    def made(seeds: Path) -> None:
        Lab(
            plan.stack,
            plan=plan,
            image=image,
            seed="0" * 64,
            keys=KeyFiles(identity=Path("id"), known_hosts=Path("known_hosts"), seeds=seeds),
            registry=RegistryFiles(image="registry", storage="/storage"),
            folder=folder,
            standing=Standing(names=frozenset()),
        )

    with tempfile.TemporaryDirectory() as seeds:
        made(Path(seeds))
    return seen


def from_airgap(inputs: Mapping[str, Any]) -> str:
    """What isolab's own plugin hands to libvirt."""
    return transformed(_written(inputs), inputs)


def from_official(inputs: Mapping[str, Any]) -> str:
    """What the official plugin hands to libvirt: in its own document disks are volumes of pools."""
    root = _written(inputs)
    for disk in root.findall("devices/disk"):
        path = Path(disk.find("source").get("file"))
        disk.set("type", "volume")
        disk.replace(disk.find("source"), element("source", pool="a-pool", volume=path.name))
    with tempfile.NamedTemporaryFile("w", suffix=".xsl") as stylesheet:
        stylesheet.write(inputs["xml"]["xslt"])
        stylesheet.flush()
        command = ["xsltproc", "--nonet", stylesheet.name, "-"]
        return subprocess.run(
            command, input=text(root), capture_output=True, text=True, check=True
        ).stdout


def _written(inputs: Mapping[str, Any]) -> Any:
    """The provider's own document, before the stylesheet."""

    def volume(path: str) -> Any:
        format = "raw" if path.endswith(".iso") else "qcow2"
        described = text(element("volume", element("target", element("format", type=format))))
        return SimpleNamespace(path=lambda: path, XMLDesc=lambda: described)

    handle = SimpleNamespace(
        storageVolLookupByKey=volume,
        networkLookupByUUIDString=lambda id: SimpleNamespace(name=lambda: "a-network"),
    )
    counts = {name: int(inputs[name]) for name in ("memory", "vcpu")}
    connection = cast(Connection, SimpleNamespace(handle=handle))
    return document(connection, {**inputs, **counts})


def allowed(domain: str, elsewhere: tuple[str, str] | None = None) -> frozenset[str]:
    """The files that libvirt's own helper writes into a guest's AppArmor profile, with their modes.

    Args:
        domain: libvirt's XML.
        elsewhere: A folder, and another in its place in which there is nothing: unconfined, the
            helper would look into files that it may not read where AppArmor is in force.
    """
    root = parse(domain.replace(*elsewhere) if elsewhere else domain)
    if root.find("uuid") is None:
        root.insert(0, element("uuid", UUID))
    name = f"libvirt-{root.findtext('uuid')}"
    command = [HELPER, "--dryrun", "--replace", "--uuid", name]
    done = subprocess.run(command, input=text(root), capture_output=True, text=True, check=True)
    # It tells what it would write on standard error.
    lines = (line.strip() for line in done.stderr.splitlines())
    told = frozenset(line.removesuffix(",") for line in lines if line.startswith('"'))
    if elsewhere is None:
        return told
    return frozenset(line.replace(elsewhere[1], elsewhere[0]) for line in told)
