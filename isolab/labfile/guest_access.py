"""What a service has of its guest: devices, namespaces, name servers."""

import re

from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, forms, many
from isolab.labfile.values.shape import Shaped, accepts, one_of, text_like
from isolab.model import Device

_DEVICE = {
    "source": "Its path on the guest.",
    "target": "Its path in the container; without it, the same.",
    "permissions": "Of r, w and m, for mknod; without it, all of them.",
}
_PERMISSIONS = r"r?w?m?"
_OF_A_SERVICE = "each container has its own; use a shared network or volume instead"


def _one_of(*words: str, instead: str) -> Shaped[str]:
    """One of these words; of another container's there is none."""
    title = " or ".join(words)

    def read(node: Node) -> str:
        word = scalars.text(node)
        if word.startswith(("service:", "container:")):
            node.refuse(f"{node.shown} given, expected {title}", instead)
        if word not in words:
            node.refuse(f"{node.shown} given, expected {title}")
        return word

    return Shaped(read, lambda: one_of(*words))


pid = _one_of("host", instead=_OF_A_SERVICE)
ipc = _one_of("host", "private", "shareable", "none", instead=_OF_A_SERVICE)
cgroup = _one_of("host", "private", instead=_OF_A_SERVICE)


@accepts(
    text_like("a device's path, with another one inside: /dev/kvm or /dev/a:/dev/b:rwm", r"/.*")
)
def _short(node: Node) -> Device:
    source, _, rest = scalars.filled(node).partition(":")
    target, _, permissions = rest.partition(":")
    if not target.startswith("/") and re.fullmatch(_PERMISSIONS, target):
        target, permissions = "", target or permissions
    return _device(node, source, target, permissions)


def _long(node: Node) -> Device:
    with Fields(node, _DEVICE, "a device") as fields:
        source = fields.need("source", scalars.text, "/dev/net/tun")
        target = fields.get("target", scalars.text, "")
        permissions = fields.get("permissions", scalars.text, "")
    return _device(node, source, target, permissions)


def _device(node: Node, source: str, target: str, permissions: str) -> Device:
    target = target or source
    if not (source.startswith("/") and target.startswith("/")):
        node.refuse(f"{node.shown} given, expected a device's path such as /dev/net/tun")
    if not re.fullmatch(_PERMISSIONS, permissions):
        node.refuse(f"{permissions!r} given, expected some of r, w and m")
    return Device(source=source, target=target, permissions=permissions or "rwm")


devices: Reader[tuple[Device, ...]] = many(forms(text=_short, mapping=_long))
"""Devices of the guest."""


@accepts(text_like("processors of the guest such as 0-1,3", r"[0-9,-]+"))
def cpuset(node: Node) -> str:
    """Numbers and ranges of processors."""
    word = scalars.text(node)
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", word, re.ASCII):
        node.refuse(f"{node.shown} given, expected processors of the guest such as 0-1,3")
    return word
