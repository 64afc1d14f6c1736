#!/usr/bin/python3 -I
"""libvirt's hook for networks, installed by isolab: what a lab's guests reach of this machine.

libvirt calls it with a network's name, what happens to it, and its XML on standard input. A lab's
network has a DNS name that lists the open ports: 5000.8080-8082.u53.internet.reach.STACK.isolab.
Each such network has an nftables table, which goes with the network. Delete this file to undo it.
"""

import ipaddress
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator

NAME = re.compile(
    r"((?:u?\d{1,5}(?:-\d{1,5})?\.)*)(open|internet|lan|none)\.reach\.[a-z0-9.-]+\.isolab"
)
BRIDGE = re.compile(r"[A-Za-z0-9_-]{1,15}")
PRIVATE = "10.0.0.0/8, 100.64.0.0/10, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16"
OUTSIDE = {
    "open": "accept",
    "internet": f"ip daddr {{ {PRIVATE} }} goto refused",
    "lan": f"ip daddr != {{ {PRIVATE} }} goto refused",
    "none": "goto refused",
}


def main(action: str, document: str) -> int:
    """Load or remove the table; 0 where the network is none of a lab."""
    root = ET.fromstring(document)
    network = root if root.tag == "network" else root.find("network")
    if network is None:
        return 0
    reach = next(filter(None, map(NAME.fullmatch, names(network))), None)
    bridge, address = attribute(network, "bridge", "name"), attribute(network, "ip", "address")
    if reach is None or not BRIDGE.fullmatch(bridge):
        return 0
    table = f"inet isolab-{bridge}"
    removal = f"table {table}\ndelete table {table}\n"
    if action == "stopped":
        return load(removal)
    gateway = str(ipaddress.IPv4Address(address))
    return load(removal + rules(table, bridge, gateway, reach[1], reach[2]))


def attribute(network: ET.Element, element: str, name: str) -> str:
    """What an element of the network has; empty where it has none."""
    found = network.find(element)
    return "" if found is None else found.get(name, "")


def names(network: ET.Element) -> Iterator[str]:
    """The DNS names that the network has."""
    return (name.text or "" for name in network.iterfind("dns/host/hostname"))


def rules(table: str, bridge: str, gateway: str, ports: str, outside: str) -> str:
    """The table, which sees packets before Docker gives them another destination."""
    words = ports.split(".")[:-1]
    found = {
        "tcp": [word for word in words if word[0] != "u"],
        "udp": [word[1:] for word in words if word[0] == "u"],
    }
    to_gateway = "\n".join(
        f"    ip daddr {gateway} {protocol} dport {{ {', '.join(ports)} }} accept"
        for protocol, ports in found.items()
        if ports
    )
    return f"""table {table} {{
  chain refused {{
    reject with icmpx admin-prohibited
  }}
  chain host {{
    type filter hook prerouting priority mangle; policy accept;
    iifname != "{bridge}" accept
    fib daddr type != {{ local, broadcast, multicast }} accept
    ct state established,related accept
    udp sport 68 udp dport 67 accept
    ip daddr {gateway} meta l4proto {{ tcp, udp }} th dport 53 accept
{to_gateway}
    ip daddr {gateway} icmp type echo-request accept
    fib daddr type {{ broadcast, multicast }} drop
    meta nfproto ipv6 drop
    goto refused
  }}
  chain outside {{
    type filter hook forward priority filter - 5; policy accept;
    iifname != "{bridge}" accept
    oifname "{bridge}" accept
    ct state established,related accept
    ct status dnat accept
    {OUTSIDE[outside]}
  }}
}}
"""


def load(text: str) -> int:
    """Give it to nft, as a whole or not at all."""
    command = ["/usr/sbin/nft", "-f", "-"]
    return subprocess.run(command, input=text, text=True, check=False).returncode


if __name__ == "__main__":
    if sys.argv[2] in ("started", "updated", "stopped"):
        sys.exit(main(sys.argv[2], sys.stdin.read()))
