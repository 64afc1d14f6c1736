"""Subnets, addresses, MACs and other names that must be unique, derived from the stack."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network

from isolab.plan.placement import Place
from isolab.rules.guests import BELOW_FIRST_GUEST

RANGE = IPv4Network("10.64.0.0/10")
"""Where derived subnets lie: in the private range, away from what home routers hand out."""
FURTHER_RANGES = (IPv4Network("172.16.0.0/16"), IPv4Network("192.168.0.0/16"))
"""Where they lie on a machine that has all of that in use, by a VPN say. Not in the rest of
172.16.0.0/12: there lie the service networks on each guest."""
ROW = 10
"""Guests of a group stand side by side where they can: .21, .22, .23."""
REGISTRY_PORT = 5000
LOOPBACK_PORTS = range(20000, 32000)
"""Below the ports that the kernel gives to outgoing connections."""
SUBNET_PORTS = range(16384, 32768)
"""As many as there are subnets."""
CHOSEN_PORTS = range(32000, 32768)
"""For published ports that the lab file leaves open."""
SERVICE_NETWORKS = IPv4Network("172.16.0.0/12")
"""Where Docker networks lie, as they do when Docker chooses."""
SERVICE_NETWORK_SIZE = 2**12
FIRST_SERVICE_NETWORK = 2 * 2**16
"""From the start of their range: behind Docker's own bridge, 172.17.0.0/16."""
SERVICE_NETWORK_COUNT = (SERVICE_NETWORKS.num_addresses - FIRST_SERVICE_NETWORK) // (
    SERVICE_NETWORK_SIZE
)
FIRST_CONTAINER = 2
"""Behind the network's own address and its bridge's."""


def number(*words: str | int) -> int:
    """A number that is always the same for these words, and unlike that of any others."""
    return int.from_bytes(sha256("\0".join(map(str, words)).encode()).digest()[:8])


def subnets(stack: str) -> Iterator[str]:
    """All subnets that a stack may use: its own first, then the ones to step on to."""
    for within in (RANGE, *FURTHER_RANGES):
        count = 2 ** (24 - within.prefixlen)
        first = number("subnet", stack)
        for step in range(count):
            start = int(within.network_address) + (first + step) % count * 256
            yield str(IPv4Network((start, 24)))


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


def further_addresses(
    cidr: str, taken: Collection[str], replicas: Iterable[tuple[str, int]]
) -> Mapping[tuple[str, int], str]:
    """An address of the subnet for each of these replicas, as far as there are any left."""
    network, slots = IPv4Network(cidr).network_address, room(cidr)
    used, found = set(taken), dict[tuple[str, int], str]()
    for service, replica in replicas:
        first = number("further", service, replica)
        for step in range(slots):
            address = str(network + BELOW_FIRST_GUEST + (first + step) % slots)
            if address not in used:
                used.add(address)
                found[service, replica] = address
                break
    return found


def service_subnets(
    networks: Sequence[str], chosen: Mapping[str, str] | None = None
) -> Mapping[str, str]:
    """The subnet of each Docker network on one guest. A network more leaves most as they are.

    Args:
        networks: Their names.
        chosen: Those of them that the lab file gives a subnet: the others lie beside it.
    """
    chosen = chosen or {}
    used: set[int] = set()
    first = int(SERVICE_NETWORKS.network_address) + FIRST_SERVICE_NETWORK
    for subnet in map(IPv4Network, chosen.values()):
        start = (int(subnet.network_address) - first) // SERVICE_NETWORK_SIZE
        end = (int(subnet.broadcast_address) - first) // SERVICE_NETWORK_SIZE
        used.update(range(max(0, start), min(end + 1, SERVICE_NETWORK_COUNT)))
    open_ = [(name, 1) for name in networks if name not in chosen]
    prefix = 33 - SERVICE_NETWORK_SIZE.bit_length()
    return {
        name: str(IPv4Network((first + slot * SERVICE_NETWORK_SIZE, prefix)))
        for (name, _), slot in _slots(open_, SERVICE_NETWORK_COUNT, used).items()
    } | dict(chosen)


def container_addresses(
    subnet: str, containers: Sequence[tuple[str, int]], *, taken: Iterable[str] = ()
) -> Mapping[tuple[str, int], str]:
    """The address of each container, a service and a replica, on one Docker network.

    Args:
        subnet: The network's, or the part of it that addresses come from.
        containers: Those without an address.
        taken: Addresses that others have.
    """
    network = IPv4Network(subnet)
    first = network.network_address + FIRST_CONTAINER
    count = network.num_addresses - FIRST_CONTAINER - 1
    used = {int(address) - int(first) for address in map(IPv4Address, taken)}
    slots = _slots(containers, count, {slot for slot in used if 0 <= slot < count})
    return {key: str(first + slot) for key, slot in slots.items()}


def _slots(
    members: Sequence[tuple[str, int]], count: int, used: Collection[int] = ()
) -> dict[tuple[str, int], int]:
    """A slot for each numbered name, where its name says or next to it; none when all are taken.

    The first ones of all names choose before the second ones do.
    """
    taken: set[int] = set(used)
    found: dict[tuple[str, int], int] = {}
    for name, place in sorted(members, key=lambda member: (member[1], member[0])):
        if len(taken) >= count:
            break
        slot = (number("slot", name) + place - 1) % count
        while slot in taken:
            slot = (slot + 1) % count
        taken.add(slot)
        found[name, place] = slot
    return found


def mac(stack: str, guest: str) -> str:
    """A guest's MAC address, with QEMU's prefix."""
    tail = number("mac", stack, guest).to_bytes(8)[:3]
    return ":".join(f"{byte:02x}" for byte in b"\x52\x54\x00" + tail)


def bridge(stack: str) -> str:
    """The bridge's name on the host: at most 15 characters (IFNAMSIZ)."""
    return f"il{number('bridge', stack):016x}"[:12]


def loopback_port(stack: str, chosen: str | None = None) -> int:
    """Where the host reaches the stack's registry.

    Args:
        stack: The stack's name.
        chosen: The subnet that it was given on this machine, which is nobody else's: nor is a
            port that stands for it.
    """
    port = port_of(chosen) if chosen else None
    return port or LOOPBACK_PORTS[number("registry", stack) % len(LOOPBACK_PORTS)]


def port_of(cidr: str) -> int | None:
    """The port that stands for a derived subnet: another one for each; None for others."""
    network = IPv4Network(cidr)
    if not network.subnet_of(RANGE) or network.prefixlen != 24:
        return None
    index = (int(network.network_address) - int(RANGE.network_address)) // 256
    return SUBNET_PORTS[index]


def published_ports(service: str, target: int) -> Iterator[int]:
    """Ports for a published port that the lab file leaves open: the first that is free."""
    first = number("port", service, target)
    for step in range(len(CHOSEN_PORTS)):
        yield CHOSEN_PORTS[(first + step) % len(CHOSEN_PORTS)]
