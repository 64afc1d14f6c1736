"""The subnet of a network of services, as Compose's ipam says it."""

from isolab.labfile.syntax.node import Node
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, each, many
from isolab.labfile.values.shape import Shaped, describe
from isolab.model import Subnet

_IPAM = {
    "driver": "default, which all networks have.",
    "config": "The network's subnet: a list of one.",
}
_OUTSIDE_IPAM = {"options": "Docker's default driver has none"}
_CONFIG = {
    "subnet": "The subnet, such as 172.28.0.0/16; guests have IPv4 alone.",
    "gateway": "The bridge's own address; without it, the subnet's first.",
    "ip_range": "The part of the subnet that services get their addresses of.",
    "aux_addresses": "Addresses that no service gets, each with a name of your own.",
}


def _ipv4(example: str, digits: str) -> Shaped[str]:
    """Whether it fits its network is for the rules to say."""
    return scalars.matching(
        f"an IPv4 {example}", digits, f"given, expected an IPv4 {example}", "guests have IPv4 alone"
    )


_SUBNET = _ipv4("subnet such as 172.28.0.0/16", r"[0-9.]+/[0-9]{1,2}")
address = _ipv4("address such as 172.28.0.10", r"[0-9.]+")
_RESERVED = each(lambda _, node: address(node), extensions=False)


def _subnet(node: Node) -> Subnet:
    with Fields(node, _CONFIG, "a subnet") as fields:
        made = Subnet(
            subnet=fields.need("subnet", _SUBNET, "172.28.0.0/16"),
            gateway=fields.get("gateway", address, ""),
            ip_range=fields.get("ip_range", _SUBNET, ""),
            reserved=tuple(fields.get("aux_addresses", _RESERVED, {}).values()),
        )
    return made


def _subnets(node: Node) -> tuple[Subnet, ...]:
    if len(node.items()) > 1:
        node.items()[1].refuse("a second subnet, but Docker's bridge has one", "leave it out")
    return many(_subnet)(node)


def ipam(node: Node) -> Subnet | None:
    """The network's subnet; None where the file leaves it to isolab."""
    with Fields(node, _IPAM, "ipam", _OUTSIDE_IPAM) as fields:
        fields.get("driver", scalars.choice("default"), "default")
        found = fields.get("config", Shaped(_subnets, lambda: describe(many(_subnet))), ())
    return found[0] if found else None
