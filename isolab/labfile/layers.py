"""The layers that Compose does not have, beside the host: network, placement."""

from dataclasses import dataclass

from isolab.labfile import ports
from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, each, forms, many
from isolab.labfile.values.shape import accepts
from isolab.model import Outside, Placement, Strategy

_STRATEGY: Reader[Strategy] = scalars.choice("spread", "pack")
_OUTSIDE: Reader[Outside] = scalars.choice("internet", "open", "lan", "none")
_HOST_PORTS = many(ports.on_the_host)
_TARGETS = scalars.one_or_many(scalars.filled)
_NETWORK = {
    "cidr": "The subnet of host and guests; auto derives one from the stack's name.",
    "outside": "What guests reach outside: internet (no private addresses), open, lan, none.",
    "host_ports": "Ports of the host that guests reach at the gateway, besides the lab's own.",
}
_PLACEMENT = {
    "guests": "Guest groups and guests, one or a list, or host.",
    "strategy": "spread puts replicas on different guests; pack fills one guest before the next.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """The subnet, None for auto, and what guests reach of the host and outside."""

    cidr: str | None = None
    outside: Outside = "internet"
    host_ports: tuple[str, ...] = ()


def network(node: Node) -> Network:
    """What the file says of the lab network."""
    with Fields(node, _NETWORK, "network") as fields:
        cidr = fields.get("cidr", scalars.filled, "auto")
        outside: Outside = fields.get("outside", _OUTSIDE, "internet")
        opened = fields.get("host_ports", _HOST_PORTS, ())
    return Network(
        cidr=None if cidr == "auto" else cidr,
        outside=outside,
        host_ports=tuple(dict.fromkeys(port for group in opened for port in group)),
    )


def _long(node: Node) -> Placement:
    with Fields(node, _PLACEMENT, "a placement") as fields:
        placed = Placement(
            targets=fields.need("guests", _TARGETS, "app"),
            strategy=fields.get("strategy", _STRATEGY, "spread"),
        )
    return placed


@accepts(_TARGETS.shape())
def _short(node: Node) -> Placement:
    return Placement(targets=_TARGETS(node))


_PLACE = forms(text=_short, items=_short, mapping=_long)
placement = each(lambda _, node: _PLACE(node))
"""Services, or "*", to where they run."""
