"""Which subnets this machine already uses, so that a new stack takes a free one."""

import json
import re
from collections.abc import Iterable, Iterator
from ipaddress import AddressValueError, IPv4Network

from isolab.plan import addresses
from isolab.transport import Transport, Unreachable
from machine.transport import HostTransport

_ADDRESS = re.compile(
    r"<ip (?=[^>]*address='(?P<address>[\d.]+)')[^>]*?(?:netmask|prefix)='(?P<mask>[\d.]+)'"
)


class NoSubnetLeft(Exception):
    """Every candidate is in use."""


def choose(stack: str, reserved: Iterable[str], libvirt: str) -> str:
    """The first subnet of the stack's candidates that nothing here uses.

    Args:
        stack: The stack's name.
        reserved: Subnets of other stacks, up or not.
        libvirt: The libvirt whose networks count.
    """
    used = [*_networks(reserved), *in_use(HostTransport(), libvirt)]
    return first_free(stack, used)


def first_free(stack: str, used: Iterable[IPv4Network]) -> str:
    """The first candidate that overlaps none of the used subnets."""
    taken = list(used)
    for candidate in addresses.subnets(stack):
        if not any(IPv4Network(candidate).overlaps(network) for network in taken):
            return candidate
    raise NoSubnetLeft("no subnet of 10.64.0.0/10 is free on this machine")


def in_use(host: Transport, libvirt: str) -> Iterator[IPv4Network]:
    """What the kernel routes, libvirt's networks and Docker's networks."""
    yield from routed(_ask(host, "ip", "-json", "-4", "route", "show", "table", "all"))
    for name in _ask(host, "virsh", "-qc", libvirt, "net-list", "--all", "--name").split():
        yield from of_libvirt(_ask(host, "virsh", "-qc", libvirt, "net-dumpxml", name))
    names = _ask(host, "docker", "network", "ls", "-q").split()
    if names:
        form = "{{range .IPAM.Config}}{{.Subnet}} {{end}}"
        yield from _networks(_ask(host, "docker", "network", "inspect", "-f", form, *names).split())


def routed(routes: str) -> Iterator[IPv4Network]:
    """The subnets in what `ip -json route` printed; the default route is none."""
    for route in json.loads(routes or "[]"):
        yield from _networks([str(route.get("dst", ""))])


def of_libvirt(xml: str) -> Iterator[IPv4Network]:
    """The subnets in a libvirt network's description."""
    for match in _ADDRESS.finditer(xml):
        yield IPv4Network(f"{match['address']}/{match['mask']}", strict=False)


def _networks(texts: Iterable[str]) -> Iterator[IPv4Network]:
    for text in texts:
        try:
            network = IPv4Network(text, strict=False)
        except (AddressValueError, ValueError):
            continue
        # A default route is no use of an address.
        if network.prefixlen:
            yield network


def _ask(host: Transport, *command: str) -> str:
    """What the command prints; nothing where it is not here to be asked, so uses no subnet."""
    try:
        return host.run(command).stdout
    except Unreachable:
        return ""
