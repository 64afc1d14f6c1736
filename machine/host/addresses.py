"""Which subnets this machine already uses, so that a new stack takes a free one."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from ipaddress import AddressValueError, IPv4Network

from isolab.plan.network import addresses
from isolab.transport import Transport, Unreachable
from machine.host.transport import HostTransport

_ADDRESS = re.compile(
    r"<ip (?=[^>]*address='(?P<address>[\d.]+)')[^>]*?(?:netmask|prefix)='(?P<mask>[\d.]+)'"
)

_BRIDGE = re.compile(r"<bridge [^>]*name='([^']+)'")


class NoSubnetLeft(Exception):
    """Every candidate is in use."""


def choose(stack: str, reserved: Iterable[str], libvirt: str) -> str:
    """The first subnet of the stack's candidates that nothing here uses.

    Args:
        stack: The stack's name.
        reserved: Subnets of other stacks, up or not.
        libvirt: The libvirt whose networks count.
    """
    host = HostTransport()
    used = [*_networks(reserved), *(network for network, _ in in_use(host, libvirt))]
    return first_free(stack, used, frozenset(port for _, port in listening(host)))


def first_free(
    stack: str, used: Iterable[IPv4Network], ports: Collection[int] = frozenset()
) -> str:
    """The first candidate that overlaps none of the used subnets, with its port not among these."""
    taken = list(used)
    for candidate in addresses.subnets(stack):
        if addresses.port_of(candidate) in ports:
            continue
        if not any(IPv4Network(candidate).overlaps(network) for network in taken):
            return candidate
    raise NoSubnetLeft(
        f"no subnet of {_listed(addresses.RANGE, *addresses.FURTHER_RANGES)} is free here"
    )


def _listed(*ranges: IPv4Network) -> str:
    return " or ".join(map(str, ranges))


def in_use(host: Transport, libvirt: str, but: str = "") -> Iterator[tuple[IPv4Network, str]]:
    """What the kernel routes, libvirt's networks and Docker's networks, each with whose it is.

    Args:
        host: The machine.
        libvirt: Its libvirt.
        but: A stack that does not count.
    """
    own = f"isolab-{but}"
    devices = {addresses.bridge(but)} if but else set[str]()
    for name in _ask(host, "virsh", "-qc", libvirt, "net-list", "--all", "--name").split():
        xml = _ask(host, "virsh", "-qc", libvirt, "net-dumpxml", name)
        devices |= set(_BRIDGE.findall(xml))
        if name != own:
            yield from ((network, f"the libvirt network {name}") for network in of_libvirt(xml))
    ids = _ask(host, "docker", "network", "ls", "-q").split()
    if ids:
        form = "{{.Name}}{{range .IPAM.Config}} {{.Subnet}}{{end}}"
        for line in _ask(host, "docker", "network", "inspect", "-f", form, *ids).splitlines():
            name, *subnets = line.split() or [""]
            yield from ((network, f"the Docker network {name}") for network in _networks(subnets))
    routes = _ask(host, "ip", "-json", "-4", "route", "show", "table", "all")
    for network, device in routed(routes):
        if device not in devices:
            yield network, f"a route of {device or 'this machine'}"


def listening(host: Transport) -> Iterator[tuple[str, int]]:
    """Addresses and TCP ports that somebody on the machine listens on."""
    for line in _ask(host, "ss", "-Htln").splitlines():
        words = line.split()
        address, _, port = words[3].rpartition(":") if len(words) > 3 else ("", "", "")
        if port.isdecimal():
            yield address.strip("[]").partition("%")[0], int(port)


def routed(routes: str) -> Iterator[tuple[IPv4Network, str]]:
    """The subnets in what `ip -json route` printed, with their devices; no default route."""
    for route in json.loads(routes or "[]"):
        for network in _networks([str(route.get("dst", ""))]):
            yield network, str(route.get("dev", ""))


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
