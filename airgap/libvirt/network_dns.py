"""The names that a network's dnsmasq answers for, which change while it runs."""

from collections.abc import Iterable, Mapping

import libvirt

from airgap.libvirt.xml import Element, element, parse, text


def grouped(hosts: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """Address to names: libvirt wants all names of an address in one entry."""
    names: dict[str, list[str]] = {}
    for each in hosts:
        names.setdefault(each["ip"], []).append(each["hostname"])
    return names


def dns_host(ip: str, names: list[str]) -> Element:
    return element("host", *(element("hostname", name) for name in names), ip=ip)


def dns_hosts(root: Element) -> list[dict[str, str]]:
    return [
        {"hostname": name.text, "ip": host.get("ip")}
        for host in root.findall("dns/host")
        for name in host.findall("hostname")
    ]


def change_dns_hosts(network: libvirt.virNetwork, wanted: list[dict[str, str]]) -> None:
    """Only the addresses whose names differ are taken out and put in again."""
    root = parse(network.XMLDesc())
    present = grouped(dns_hosts(root))
    target = grouped(wanted)
    for ip, names in present.items():
        if target.get(ip) != names:
            _update(network, libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE, dns_host(ip, names))
    for ip, names in target.items():
        if present.get(ip) != names:
            _update(
                network,
                libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
                dns_host(ip, names),
            )


def _update(network: libvirt.virNetwork, command: int, entry: Element) -> None:
    flags = libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE | libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG
    section = libvirt.VIR_NETWORK_SECTION_DNS_HOST
    network.update(command, section, -1, text(entry), flags)
