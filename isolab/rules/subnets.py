"""Rules about the subnets of networks and the addresses in them that a lab file chooses."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from isolab.model import Lab, Path, Problem, ServiceNetwork, Subnet
from isolab.rules.hosted import hosted
from isolab.rules.problem import problem

DOCKERS_OWN = IPv4Network("172.17.0.0/16")
"""The bridge that Docker has on each guest before there is any network."""
LONGEST = 30
"""Bits of the smallest subnet: the network, its bridge, one container, broadcast."""


def subnets_are_ones(lab: Lab) -> Iterator[Problem]:
    """Docker would say so on the guest, when all else is there."""
    for network, chosen in _chosen(lab):
        path = _path(network)
        subnet = _network(chosen.subnet)
        if subnet is None:
            yield problem(lab, (*path, "subnet"), *_no_subnet(chosen.subnet))
        elif subnet.prefixlen > LONGEST:
            message = f"{subnet} has no address left for a service"
            yield problem(lab, (*path, "subnet"), message, f"at most /{LONGEST}")
        elif subnet.is_loopback or subnet.is_multicast or subnet.network_address.packed[0] == 0:
            message = f"{subnet} holds no addresses of machines"
            yield problem(lab, (*path, "subnet"), message, "for example 172.28.0.0/16")
        elif subnet.overlaps(DOCKERS_OWN):
            message = (
                f"{subnet} overlaps {DOCKERS_OWN}, which Docker's own bridge has on each guest"
            )
            yield problem(lab, (*path, "subnet"), message, "for example 172.28.0.0/16")
        else:
            yield from _parts(lab, path, chosen, subnet)


def _parts(lab: Lab, path: Path, chosen: Subnet, subnet: IPv4Network) -> Iterator[Problem]:
    """What else is said of a subnet lies in it."""
    if chosen.ip_range:
        part = _network(chosen.ip_range)
        if part is None:
            yield problem(lab, (*path, "ip_range"), *_no_subnet(chosen.ip_range))
        elif not part.subnet_of(subnet):
            yield problem(lab, (*path, "ip_range"), f"{part} is not in {subnet}")
        elif part.prefixlen > LONGEST:
            message = f"{part} has no address left for a service"
            yield problem(lab, (*path, "ip_range"), message, f"at most /{LONGEST}")
    if chosen.gateway:
        complaint = _unfit(chosen.gateway, subnet)
        if complaint:
            yield problem(lab, (*path, "gateway"), *complaint)
    for address in chosen.reserved:
        complaint = _unfit(address, subnet)
        if complaint:
            yield problem(lab, (*path, "aux_addresses"), *complaint)


def subnets_lie_apart(lab: Lab) -> Iterator[Problem]:
    """A guest could not tell which of two networks an address is on."""
    before: dict[str, IPv4Network] = {}
    for network, chosen in _chosen(lab):
        subnet = _network(chosen.subnet)
        for name, other in before.items() if subnet else ():
            if subnet and subnet.overlaps(other):
                message = f"{subnet} overlaps {other}, the subnet of {name}"
                yield problem(lab, (*_path(network), "subnet"), message)
                break
        if subnet:
            before[network.name] = subnet


def fixed_addresses_are_free(lab: Lab) -> Iterator[Problem]:
    """An address is in its network's subnet, and one container's alone."""
    subnets = {network.name: chosen for network, chosen in _chosen(lab)}
    on_the_host = {service.name for service in hosted(lab)}
    taken: dict[tuple[str, str], str] = {}
    for service in lab.services:
        for name, address in service.addresses.items():
            path = ("services", service.name, "networks", name, "ipv4_address")
            chosen = subnets.get(name)
            subnet = _network(chosen.subnet) if chosen else None
            owner = taken.setdefault((name, address), service.name)
            if service.name in on_the_host:
                message = "a service on the host has the host's addresses"
                yield problem(lab, path, message, "leave it out, or place it on a guest")
            elif chosen is None:
                message = f"{address} given, but the network {name} has no subnet of its own"
                hint = f"networks.{name}.ipam.config: [{{subnet: 172.28.0.0/16}}]"
                yield problem(lab, path, message, hint)
            elif subnet is None:
                # Said where the subnet stands.
                continue
            elif complaint := _unfit(address, subnet):
                yield problem(lab, path, *complaint)
            elif address == (chosen.gateway or str(subnet[1])):
                message = f"{address} is the address of the network's bridge"
                yield problem(lab, path, message, f"take a later one of {subnet}")
            elif address in chosen.reserved:
                message = f"{address} is one of aux_addresses, which no service gets"
                yield problem(lab, path, message)
            elif service.replicas > 1:
                message = f"{service.replicas} replicas cannot have one address"
                yield problem(lab, path, message, "remove it: they are found by their names")
            elif owner != service.name:
                yield problem(lab, path, f"{address} is the address of {owner} already")


def _chosen(lab: Lab) -> Iterator[tuple[ServiceNetwork, Subnet]]:
    return ((network, network.subnet) for network in lab.networks if network.subnet)


def _path(network: ServiceNetwork) -> Path:
    return ("networks", network.name, "ipam", "config", 0)


def _network(word: str) -> IPv4Network | None:
    try:
        return IPv4Network(word)
    except ValueError:
        return None


def _no_subnet(word: str) -> tuple[str, str]:
    """What is wrong with it, and the subnet that it lies in, where it lies in one."""
    try:
        hint = str(IPv4Network(word, strict=False))
    except ValueError:
        hint = "for example 172.28.0.0/16"
    return f"{word} is not a subnet", hint


def _unfit(word: str, subnet: IPv4Network) -> tuple[str, str] | None:
    """What keeps a host of the subnet from having this address, and what it may have."""
    between = f"{subnet[1]} to {subnet[-2]}"
    try:
        address = IPv4Address(word)
    except ValueError:
        return f"{word} is not an IPv4 address", between
    if address not in subnet:
        return f"{address} is not in the network's subnet {subnet}", between
    if address in (subnet[0], subnet[-1]):
        return f"{address} stands for the whole subnet {subnet}", between
    return None
