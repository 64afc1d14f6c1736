"""Guest groups, and the guests of them that are not like the others."""

import os.path
import re
from collections.abc import Collection
from dataclasses import replace

from isolab.labfile.cloudinit import cloud_init
from isolab.labfile.names import NAME, check_name
from isolab.labfile.syntax.node import Node
from isolab.labfile.values import scalars
from isolab.labfile.values.quantities import size
from isolab.labfile.values.reading import EXTENSION, Fields, Gathering, each
from isolab.labfile.values.shape import Shaped, accepts, text_like
from isolab.model import GuestGroup

MOST = 250
"""Guests of a group: what a /24 has addresses for, nearly."""
_GUEST = {
    "memory": "What each guest's OS sees.",
    "vcpus": "Processors of each guest.",
    "disk": "Size of each root disk, which may be recreated at any time.",
    "data": "Size of each data disk, which is retained and holds the volumes; without it, none.",
    "image": "A cloud image of your own, a qcow2 file; without it, the one that isolab makes.",
    "cpu": "host-passthrough, host-model or a model's name; the default is the fastest.",
    "cloud_init": "Settings for each guest's first boot; any change recreates the guest.",
    "privileged": "Whether its services may be privileged, use its devices and see its processes.",
}
_GROUP = {"count": "How many: app with count 2 makes app-1 and app-2."} | _GUEST
_DEFAULT = GuestGroup(name="")
_NUMBERED = re.compile(r"(?P<group>.+)-(?P<number>[1-9]\d{0,3})")
_QCOW2 = b"QFI\xfb"


def _read(node: Node) -> tuple[GuestGroup, ...]:
    """All groups. An entry app-2 beside a group app is that group's second guest."""
    given = {n: value for n, value in node.mapping().items() if not n.startswith(EXTENSION)}
    made: dict[str, GuestGroup] = {}
    exceptions: dict[str, dict[int, GuestGroup]] = {}
    with Gathering() as gathering:
        for name, value in given.items():
            if _owner(name, given) is None:
                read = gathering.read(value, lambda value, name=name: _group(name, value))
                made[name] = read or _DEFAULT
        for name, value in given.items():
            if whose := _owner(name, given):
                group, number = whose
                exceptions.setdefault(group, {})[number] = gathering.read(
                    value, lambda value, name=name, like=made[group]: _exception(name, value, like)
                )
    return tuple(
        replace(group, exceptions=exceptions[name]) if name in exceptions else group
        for name, group in made.items()
    )


def _owner(name: str, given: Collection[str]) -> tuple[str, int] | None:
    """The group and number of the guest that an entry stands for; None where it is a group."""
    match = _NUMBERED.fullmatch(name)
    if match is None or match["group"] not in given or _owner(match["group"], given):
        return None
    return match["group"], int(match["number"])


def _group(name: str, node: Node) -> GuestGroup:
    check_name(node, name, "a guest group")
    with Fields(node, _GROUP, "a guest group") as fields:
        count = fields.get("count", scalars.integer(1, MOST), _DEFAULT.count)
        group = _settings(fields, replace(_DEFAULT, name=name, count=count))
    return group


def _exception(name: str, node: Node, like: GuestGroup) -> GuestGroup:
    """One guest: what it does not say itself is as in its group."""
    with Fields(node, _GUEST, "one guest of a group", {"count": "set it for the group"}) as fields:
        guest = _settings(fields, replace(like, name=name, count=1))
    return guest


def _settings(fields: Fields, default: GuestGroup) -> GuestGroup:
    return replace(
        default,
        memory=fields.get("memory", size, default.memory),
        vcpus=fields.get("vcpus", scalars.integer(1, 256), default.vcpus),
        disk=fields.get("disk", size, default.disk),
        data=fields.get("data", size, default.data),
        image=fields.get("image", _image, default.image),
        cpu=fields.get("cpu", _cpu, default.cpu),
        cloud_init=fields.get("cloud_init", cloud_init, default.cloud_init),
        privileged=fields.get("privileged", scalars.flag, default.privileged),
    )


@accepts(text_like("a qcow2 file, relative to the lab file", r"[\s\S]+"))
def _image(node: Node) -> str:
    """The path from the lab file, which is what the plan knows the image by."""
    path = scalars.local(node)
    try:
        with path.open("rb") as file:
            start = file.read(len(_QCOW2))
    except (OSError, ValueError) as error:
        node.refuse(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}")
    if start != _QCOW2:
        node.refuse(f"{path} is not a qcow2 image", "qemu-img convert -O qcow2 makes one")
    word = scalars.text(node)
    return os.path.normpath(path if word.startswith("~") else word)


_CPU = "host-passthrough, host-model or a model such as Nehalem"
_cpu = scalars.matching(
    _CPU, r"[A-Za-z0-9_.-]+", f"given, expected {_CPU}", "virsh cpu-models x86_64 lists them"
)


groups = Shaped(_read, each(_group, NAME).shape)
"""All groups of a lab."""
