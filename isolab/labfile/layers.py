"""The layers that Compose does not have, beside the host: network, placement."""

from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, each, forms
from isolab.labfile.values.shape import accepts
from isolab.model import Outside, Placement, Strategy

_STRATEGY: Reader[Strategy] = scalars.choice("spread", "pack")
_OUTSIDE: Reader[Outside] = scalars.choice("internet", "open", "lan", "none")
_TARGETS = scalars.one_or_many(scalars.filled)
_NETWORK = {
    "cidr": "The subnet of host and guests; auto derives one from the stack's name.",
    "outside": "What guests reach outside: internet (no private addresses), open, lan, none.",
}
_PLACEMENT = {
    "guests": "Guest groups and guests, one or a list, or host.",
    "strategy": "spread puts replicas on different guests; pack fills one guest before the next.",
}


def network(node: Node) -> tuple[str | None, Outside]:
    """The lab network's subnet, None for auto, and what its guests reach outside."""
    with Fields(node, _NETWORK, "network") as fields:
        cidr = fields.get("cidr", scalars.filled, "auto")
        outside: Outside = fields.get("outside", _OUTSIDE, "internet")
    return None if cidr == "auto" else cidr, outside


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
