"""Subnets, addresses, MACs and other names that must be unique, derived from the stack."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from ipaddress import IPv4Network

from isolab.plan.placement import Place
from isolab.rules.guests import BELOW_FIRST_GUEST

RANGE = IPv4Network("10.64.0.0/10")
"""Where derived subnets lie: in the private range, away from what home routers hand out."""
ROW = 10
"""Guests of a group stand side by side where they can: .21, .22, .23."""
REGISTRY_PORT = 5000
LOOPBACK_PORTS = range(20000, 32000)
"""Below the ports that the kernel gives to outgoing connections."""
CHOSEN_PORTS = range(32000, 32768)
"""For published ports that the lab file leaves open."""


def number(*words: str | int) -> int:
    """A number that is always the same for these words, and unlike that of any others."""
    return int.from_bytes(sha256("\0".join(map(str, words)).encode()).digest()[:8])


def subnets(stack: str) -> Iterator[str]:
    """All subnets that a stack may use: its own first, then the ones to step on to."""
    count = 2 ** (24 - RANGE.prefixlen)
    first = number("subnet", stack)
    for step in range(count):
        yield str(IPv4Network((int(RANGE.network_address) + (first + step) % count * 256, 24)))


def gateway(cidr: str) -> str:
    """The host's address on the lab network."""
    return str(IPv4Network(cidr).network_address + 1)


def room(cidr: str) -> int:
    """How many guests the subnet has addresses for."""
    return max(0, IPv4Network(cidr).num_addresses - 1 - BELOW_FIRST_GUEST)


def guest_addresses(cidr: str, guests: Sequence[Place]) -> Mapping[str, str]:
    """Each guest's address. A guest more leaves the others' addresses as they are.

    Each group starts on a row of its own, found by its name; where two meet, the first guests
    of the groups choose before the second ones do.
    """
    slots = room(cidr)
    taken: dict[int, str] = {}
    for guest in sorted(guests, key=lambda guest: (guest.number, guest.group)):
        row = number("row", guest.group) % max(1, slots // ROW) * ROW
        slot = (row + guest.number - 1) % slots
        while slot in taken:
            slot = (slot + 1) % slots
        taken[slot] = guest.name
    network = IPv4Network(cidr).network_address
    return {name: str(network + BELOW_FIRST_GUEST + slot) for slot, name in taken.items()}


def mac(stack: str, guest: str) -> str:
    """A guest's MAC address, with QEMU's prefix."""
    tail = number("mac", stack, guest).to_bytes(8)[:3]
    return ":".join(f"{byte:02x}" for byte in b"\x52\x54\x00" + tail)


def bridge(stack: str) -> str:
    """The bridge's name on the host: at most 15 characters (IFNAMSIZ)."""
    return f"il{number('bridge', stack):016x}"[:12]


def loopback_port(stack: str) -> int:
    """Where the host pushes to the stack's registry."""
    return LOOPBACK_PORTS[number("registry", stack) % len(LOOPBACK_PORTS)]


def published_ports(service: str, target: int) -> Iterator[int]:
    """Ports for a published port that the lab file leaves open: the first that is free."""
    first = number("port", service, target)
    for step in range(len(CHOSEN_PORTS)):
        yield CHOSEN_PORTS[(first + step) % len(CHOSEN_PORTS)]
