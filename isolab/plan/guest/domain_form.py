"""Whether a domain that stands can stay as it is, though isolab now writes its disks otherwise."""

from dataclasses import dataclass
from xml.etree import ElementTree as xml

from isolab.plan.guest import domain_disks, processor
from isolab.plan.guest.domain_disks import BACKED
from isolab.plan.model import Guest, Plan


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """Of a domain what replaces it when it changes, as far as a stylesheet has to do with it."""

    kind: str
    """kvm or qemu."""
    memory: int
    """MiB."""
    vcpus: int
    disks: int
    """How many."""
    cpu: tuple[str, str]
    """The processor's mode and model."""
    backed: bool
    """Whether its disks name what they are built on."""


def may_stay(stands: Form | None, guest: Guest, plan: Plan) -> bool:
    """Whether nothing but the form of its disks differs: then a domain stays as it is."""
    cpu = processor.of(guest, plan)
    wanted = Form(
        kind="kvm" if plan.kvm else "qemu",
        memory=guest.memory,
        vcpus=guest.vcpus,
        disks=len(domain_disks.of(guest, plan)),
        cpu=_cpu(xml.fromstring(f"<domain>{cpu.elements}</domain>"), cpu.mode),
        backed=False,
    )
    return stands == wanted


def asked(
    *, kind: str, memory: int, vcpus: int, disks: int, mode: str, stylesheet: str
) -> Form | None:
    """The form of a domain that was made from these inputs; None where they cannot be read."""
    try:
        root = xml.fromstring(stylesheet or "<none/>")
    except xml.ParseError:
        return None
    return Form(
        kind=kind,
        memory=memory,
        vcpus=vcpus,
        disks=disks,
        cpu=_cpu(root, mode),
        backed=root.find(f".//{BACKED}") is not None,
    )


def read(domain: str) -> Form | None:
    """The form of a domain from libvirt's XML of it; None where it cannot be read."""
    try:
        root = xml.fromstring(domain)
    except xml.ParseError:
        return None
    return Form(
        kind=root.get("type", ""),
        memory=int(root.findtext("memory", "0")) // 1024,
        vcpus=int(root.findtext("vcpu", "0")),
        disks=len(root.findall("devices/disk")),
        cpu=_cpu(root, ""),
        backed=root.find(f"devices/disk/{BACKED}") is not None,
    )


def volumes(domain: str) -> frozenset[str]:
    """The names of the volumes that are a domain's disks, from libvirt's XML of it."""
    try:
        root = xml.fromstring(domain)
    except xml.ParseError:
        return frozenset()
    named = (source.get("volume") or source.get("file", "") for source in root.iter("source"))
    return frozenset(name.rsplit("/", 1)[-1] for name in named if name)


def _cpu(root: xml.Element, mode: str) -> tuple[str, str]:
    found = root.find(".//cpu")
    return (mode, "") if found is None else (found.get("mode", mode), found.findtext("model", ""))
