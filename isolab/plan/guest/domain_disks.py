"""A guest's disks as libvirt's XML has them: files, each with all that it is built on.

libvirt's AppArmor driver writes a guest's profile from this XML alone. A disk that names its pool
and its volume is not in it, nor is a backing file that only the overlay's own header names.
"""

from dataclasses import dataclass
from xml.etree import ElementTree as xml

from isolab.plan.guest import cloudinit
from isolab.plan.model import Guest, Plan

BACKED = "backingStore"
"""The element in which a disk names what it is built on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Disk:
    """One disk of a domain."""

    volume: str
    """Its volume's name in the stack's pool."""
    format: str
    """As QEMU knows it: qcow2 or raw."""
    backing: str = ""
    """The volume that holds what this one does not, a qcow2; empty where it is built on none."""


def of(guest: Guest, plan: Plan, *, cloud_init_disk: bool = False) -> tuple[Disk, ...]:
    """The guest's disks, in the order in which its system counts them.

    Args:
        guest: Whose.
        plan: That it is of.
        cloud_init_disk: Whether its seed is the provider's cloud-init disk, as it was once.
    """
    root = Disk(volume=cloudinit.root_disk(guest), format="qcow2", backing=base(guest.image, plan))
    last = Disk(volume=(seed_before if cloud_init_disk else seed)(guest), format="raw")
    if guest.data is None:
        return root, last
    return root, Disk(volume=data(guest), format="qcow2"), last


def data(guest: Guest) -> str:
    """The volume of the guest's data disk."""
    return f"{guest.name}-data"


def seed(guest: Guest) -> str:
    """The volume of what cloud-init reads."""
    return f"{guest.name}-cidata.iso"


def seed_before(guest: Guest) -> str:
    """The volume of a cloud-init disk, which guests of earlier versions have for a seed."""
    return f"{guest.name}-seed.iso"


def base(image: str, plan: Plan) -> str:
    """The volume of an image: a key of the plan's `images`, or empty for the lab's own."""
    return f"base-{version(image, plan)}" if image else "base"


def version(image: str, plan: Plan) -> str:
    """What tells the volumes of images apart; empty for the lab's own."""
    return plan.images[image].digest[:12] if image else ""


def elements(disks: tuple[Disk, ...], pool: str) -> str:
    """The disks in libvirt's words; `pool` is the folder of their pool."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    written = [
        _element(disk, pool, f"vd{letter}") for disk, letter in zip(disks, letters, strict=False)
    ]
    return "".join(xml.tostring(each, encoding="unicode") for each in written)


def _element(disk: Disk, pool: str, name: str) -> xml.Element:
    made = xml.Element("disk", type="file", device="disk")
    xml.SubElement(made, "driver", name="qemu", type=disk.format)
    xml.SubElement(made, "source", file=f"{pool}/{disk.volume}")
    backed = made
    if disk.backing:
        backed = xml.SubElement(made, BACKED, type="file")
        xml.SubElement(backed, "format", type="qcow2")
        xml.SubElement(backed, "source", file=f"{pool}/{disk.backing}")
    # An empty one ends the chain: libvirt then looks for no more of it in the file's header.
    xml.SubElement(backed, BACKED)
    xml.SubElement(made, "target", dev=name, bus="virtio")
    return made
