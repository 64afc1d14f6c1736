"""A network's inputs as libvirt's XML, and its XML as outputs."""

import ipaddress
from typing import Any

import libvirt

from airgap.framework import Inputs, State
from airgap.libvirt.network_dns import dns_host, dns_hosts, grouped
from airgap.libvirt.xml import Element, element, parse, yes_no


def document(inputs: Inputs) -> Element:
    dns = inputs.get("dns", {})
    domain = inputs.get("domain")
    mode = inputs["mode"]
    hosts = grouped(dns.get("hosts", ()))
    return element(
        "network",
        element("name", inputs["name"]),
        element("forward", mode=mode) if mode != "none" else None,
        element("bridge", name=inputs.get("bridge"), stp="on", delay="0"),
        element("mtu", size=str(inputs["mtu"])) if "mtu" in inputs else None,
        element("domain", name=domain, localOnly=yes_no(dns.get("localOnly"))) if domain else None,
        element(
            "dns",
            *(dns_host(ip, names) for ip, names in hosts.items()),
            enable=yes_no(dns.get("enabled")),
        ),
        *(
            _ip(ipaddress.ip_network(each), inputs.get("dhcp", {}).get("enabled"))
            for each in inputs.get("addresses", ())
        ),
    )


def _ip(network: ipaddress.IPv4Network | ipaddress.IPv6Network, dhcp: Any) -> Element:
    """The host takes the network's first address; DHCP may give out all others."""
    leases = None
    if dhcp:
        leases = element("dhcp", element("range", start=str(network[2]), end=str(network[-2])))
    return element(
        "ip",
        leases,
        family="ipv4" if network.version == 4 else "ipv6",
        address=str(network[1]),
        prefix=str(network.prefixlen),
    )


def state_of(network: libvirt.virNetwork, known: Inputs) -> State:
    root = parse(network.XMLDesc())
    forward, mtu, domain, dns = (root.find(tag) for tag in ("forward", "mtu", "domain", "dns"))
    bridge = root.find("bridge")
    hosts, wanted = dns_hosts(root), known.get("dns", {}).get("hosts", [])
    if grouped(hosts) == grouped(wanted):
        hosts = wanted  # libvirt groups them by address: that is no change
    state: dict[str, Any] = {
        "addresses": [_subnet(ip) for ip in root.findall("ip")],
        "autostart": bool(network.autostart()),
        "bridge": None if bridge is None else bridge.get("name"),
        "dhcp": {"enabled": root.find("ip/dhcp") is not None},
        "dns": {
            "enabled": dns is None or dns.get("enable") != "no",
            "forwarders": [],
            "hosts": hosts,
            "localOnly": domain is not None and domain.get("localOnly") == "yes",
            "srvs": [],
        },
        "dnsmasqOptions": None,
        "domain": None if domain is None else domain.get("name"),
        "mode": "none" if forward is None else forward.get("mode", "nat"),
        "mtu": None if mtu is None else int(mtu.get("size")),
        "name": network.name(),
        "routes": [],
        "xml": known.get("xml"),
    }
    if state["mode"] == "none" or "xml" in known:
        # What a stylesheet did to the document is not what the program asked for.
        state |= {name: known[name] for name in ("mode", "dns", "dhcp") if name in known}
    return state


def _subnet(ip: Element) -> str:
    address = ip.get("address")
    width = ip.get("prefix") or ip.get("netmask")
    return str(ipaddress.ip_interface(f"{address}/{width}").network)
