"""Ports of a service: published ones, and those that other services call."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Literal

from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, forms
from isolab.labfile.values.shape import Shaped, accepts, text_like
from isolab.model import Port

Protocol = Literal["tcp", "udp"]
MOST = 1000
"""Ports of one range."""
_RANGE = r"\d+(?:-\d+)?"
_IP = r"\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:.]+\]"
_PROTOCOL: Reader[Protocol] = scalars.choice("tcp", "udp")
_SHORT = (
    rf"(?:(?:(?P<ip>{_IP}):)?(?P<published>{_RANGE})?:)?(?P<target>{_RANGE})(?:/(?P<protocol>\w+))?"
)
_KEYS = {
    "target": "The port in the container.",
    "published": "The port on the guest; without it isolab chooses one.",
    "protocol": "tcp or udp.",
    "host_ip": "The address that it is published on; without it the guest's own.",
    "mode": "Both of Compose's words mean the same here.",
    "name": "For readers.",
    "app_protocol": "For readers.",
}


_SHORT_SHAPE = re.sub(r"\?P<\w+>", "?:", _SHORT).replace(r"\w+", "tcp|udp")


@accepts(text_like("a port such as 8080:8000", _SHORT_SHAPE))
def _short(node: Node) -> tuple[Port, ...]:
    word = scalars.text(node)
    match = re.fullmatch(_SHORT, word, re.ASCII)
    if match is None:
        node.refuse(f"{word!r} given, expected a port such as 8080:8000")
    return tuple(
        _pairs(
            node,
            _ports(node, match["target"]),
            _ports(node, match["published"]) if match["published"] else None,
            _PROTOCOL(node.holding(match["protocol"] or "tcp")),
            _address(node.holding(match["ip"] or "")),
        )
    )


def _long(node: Node) -> tuple[Port, ...]:
    with Fields(node, _KEYS, "a port") as fields:
        fields.get("mode", scalars.choice("host", "ingress"), "ingress")
        fields.get("name", scalars.text, "")
        fields.get("app_protocol", scalars.text, "")
        target = fields.need("target", scalars.port, "8000")
        published = fields.get("published", _ONE, None)
        protocol: Protocol = fields.get("protocol", _PROTOCOL, "tcp")
        host_ip = fields.get("host_ip", _address, "")
    return tuple(_pairs(node, range(target, target + 1), published, protocol, host_ip))


published: Reader[tuple[Port, ...]] = forms(text=_short, mapping=_long)
"""Published ports: "8080:8000", 8000, "3000-3005:3000-3005", or one in its long form."""


@accepts(text_like("a port, or a range such as 3000-3005", rf"{_RANGE}(?:/(?:tcp|udp))?"))
def exposed(node: Node) -> range:
    """Ports that other services may call over TCP; who shares a network has them all over UDP."""
    word = scalars.text(node)
    if not re.fullmatch(rf"{_RANGE}(?:/(?:tcp|udp))?", word, re.ASCII):
        node.refuse(f"{word!r} given, expected a port such as 8000")
    numbers, _, protocol = word.partition("/")
    found = _ports(node, numbers)
    return range(0) if protocol == "udp" else found


@accepts(text_like("a port, or a range such as 3000-3005/udp", rf"{_RANGE}(?:/(?:tcp|udp))?"))
def on_the_host(node: Node) -> tuple[str, ...]:
    """Ports of the host: 3142/tcp."""
    word = scalars.text(node)
    numbers, _, protocol = word.partition("/")
    if not re.fullmatch(_RANGE, numbers, re.ASCII):
        node.refuse(f"{word!r} given, expected a port of the host such as 3142 or 5353/udp")
    chosen = _PROTOCOL(node.holding(protocol or "tcp"))
    return tuple(f"{number}/{chosen}" for number in _ports(node, numbers))


def _one(node: Node) -> range:
    number = scalars.port(node)
    return range(number, number + 1)


_ONE = Shaped(_one, scalars.port.shape)


def _ports(node: Node, word: str) -> range:
    first, _, last = word.partition("-")
    start, end = (scalars.port(node.holding(number)) for number in (first, last or first))
    if end < start:
        node.refuse(f"the range {word} ends before it starts")
    if end - start >= MOST:
        node.refuse(f"the range {word} has more than {MOST} ports")
    return range(start, end + 1)


def _pairs(
    node: Node, targets: range, published: range | None, protocol: Protocol, host_ip: str
) -> Iterator[Port]:
    if published is not None and len(published) != len(targets):
        node.refuse(
            f"{_count(published)} published for {_count(targets)} of the container",
            "make both ranges as wide, or leave the published ones open",
        )
    for index, target in enumerate(targets):
        yield Port(
            target=target,
            published=published[index] if published else None,
            protocol=protocol,
            host_ip=host_ip,
        )


def _count(ports: range) -> str:
    return f"{len(ports)} port{'s' if len(ports) > 1 else ''}"


@accepts(text_like("an IP address"))
def _address(node: Node) -> str:
    word = scalars.text(node).strip("[]")
    try:
        return str(ip_address(word)) if word else ""
    except ValueError:
        node.refuse(f"{word!r} given, expected an IP address")
