"""libvirt networks: a bridge with addresses, DHCP and DNS by dnsmasq."""

import contextlib
import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

import libvirt

from airgap.framework import (
    BOOLEAN,
    INTEGER,
    STRING,
    Change,
    Context,
    Created,
    Failure,
    Field,
    Inputs,
    List,
    Object,
    ResourceType,
    State,
)
from airgap.libvirt.connection import Connection, found, ignoring_gone, told
from airgap.libvirt.xml import XSLT, Element, element, parse, text, transformed, yes_no

_DNS_HOST = Object({"hostname": Field(STRING), "ip": Field(STRING)})
_MODES = ("nat", "none", "route", "open")


class Network(ResourceType[Connection]):
    """A network of the lab; its DNS hosts and its autostart change in place."""

    token = "libvirt:index/network:Network"
    inputs = Object(
        {
            "name": Field(STRING, replaces=True, auto_name=True),
            "mode": Field(STRING, default="nat", replaces=True),
            "bridge": Field(STRING, replaces=True),
            "mtu": Field(INTEGER, replaces=True),
            "domain": Field(STRING, replaces=True),
            "addresses": Field(List(STRING), replaces=True),
            "autostart": Field(BOOLEAN),
            "dhcp": Field(Object({"enabled": Field(BOOLEAN)}), replaces=True),
            "dns": Field(
                Object(
                    {
                        "enabled": Field(BOOLEAN),
                        "localOnly": Field(BOOLEAN),
                        "hosts": Field(List(_DNS_HOST)),
                    },
                    instead={
                        "srvs": "hosts",
                        "forwarders": "the machine's own resolver",
                    },
                )
            ),
            "xml": XSLT,
        },
        instead={"dnsmasqOptions": "xml.xslt", "routes": "xml.xslt"},
    )
    computed = ("bridge", "autostart")

    def problems(self, inputs: Inputs) -> Iterable[tuple[str, str]]:
        if inputs["mode"] not in _MODES and isinstance(inputs["mode"], str):
            yield "mode", f"is {inputs['mode']}, expected one of {', '.join(_MODES)}"
        for index, each in enumerate(inputs.get("addresses", ())):
            if isinstance(each, str):
                try:
                    ipaddress.ip_network(each)
                except ValueError as error:
                    yield f"addresses[{index}]", f"is no network: {error}"

    def adjust(self, changes: list[Change], state: State, inputs: Inputs) -> list[Change]:
        return [
            Change(path=each.path, what=each.what, replaces=True)
            if each.path in ("dns.enabled", "dns.localOnly")
            else each
            for each in changes
        ]

    def create(self, context: Context[Connection], inputs: Inputs) -> Created:
        connection, name = context.client, inputs["name"]
        with told(f"network {name} was not made"):
            with connection.defining_network:
                if found(connection.handle.networkLookupByName, name):
                    raise Failure(
                        f"a network {name} already exists and is not this stack's: "
                        f"look at it with `virsh net-dumpxml {name}`"
                    )
                context.making()
                network = connection.handle.networkDefineXML(transformed(_document(inputs), inputs))
            try:
                network.setAutostart(1 if inputs.get("autostart") else 0)
                network.create()
            except libvirt.libvirtError:
                with contextlib.suppress(libvirt.libvirtError):
                    network.undefine()
                raise
            return Created(network.UUIDString(), _state(network, inputs))

    def leftover(self, context: Context[Connection], inputs: Inputs) -> None:
        with told(f"what is left of network {inputs['name']} was not removed"):
            network = found(context.client.handle.networkLookupByName, inputs["name"])
            if network is not None:
                self.delete(context, network.UUIDString(), dict(inputs))

    def read(self, context: Context[Connection], id: str, state: State) -> State | None:
        with told(f"network {id} cannot be read"):
            network = found(context.client.handle.networkLookupByUUIDString, id)
            return None if network is None else _state(network, state)

    def update(self, context: Context[Connection], id: str, state: State, inputs: Inputs) -> State:
        name = inputs["name"]
        with told(f"network {name} was not changed"):
            network = found(context.client.handle.networkLookupByUUIDString, id)
            if network is None:
                raise Failure(f"the network {name} is gone: run a refresh, then up again")
            if not network.isActive():
                network.create()
            network.setAutostart(1 if inputs.get("autostart") else 0)
            _change_dns_hosts(network, inputs.get("dns", {}).get("hosts", []))
            return _state(network, inputs)

    def delete(self, context: Context[Connection], id: str, state: State) -> None:
        with told(f"network {state.get('name', id)} was not removed"):
            network = found(context.client.handle.networkLookupByUUIDString, id)
            if network is None:
                return
            if network.isActive():
                ignoring_gone(network.destroy)
            ignoring_gone(network.undefine)


def _document(inputs: Inputs) -> Element:
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
            *(_dns_host(ip, names) for ip, names in hosts.items()),
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


def grouped(hosts: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """Address to names: libvirt wants all names of an address in one entry."""
    names: dict[str, list[str]] = {}
    for each in hosts:
        names.setdefault(each["ip"], []).append(each["hostname"])
    return names


def _dns_host(ip: str, names: list[str]) -> Element:
    return element("host", *(element("hostname", name) for name in names), ip=ip)


def _change_dns_hosts(network: libvirt.virNetwork, wanted: list[dict[str, str]]) -> None:
    """Only the addresses whose names differ are taken out and put in again."""
    root = parse(network.XMLDesc())
    present = grouped(_dns_hosts(root))
    target = grouped(wanted)
    for ip, names in present.items():
        if target.get(ip) != names:
            _update(network, libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE, _dns_host(ip, names))
    for ip, names in target.items():
        if present.get(ip) != names:
            _update(
                network,
                libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
                _dns_host(ip, names),
            )


def _update(network: libvirt.virNetwork, command: int, entry: Element) -> None:
    flags = libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE | libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG
    section = libvirt.VIR_NETWORK_SECTION_DNS_HOST
    network.update(command, section, -1, text(entry), flags)


def _dns_hosts(root: Element) -> list[dict[str, str]]:
    return [
        {"hostname": name.text, "ip": host.get("ip")}
        for host in root.findall("dns/host")
        for name in host.findall("hostname")
    ]


def _state(network: libvirt.virNetwork, known: Inputs) -> State:
    root = parse(network.XMLDesc())
    forward, mtu, domain, dns = (root.find(tag) for tag in ("forward", "mtu", "domain", "dns"))
    bridge = root.find("bridge")
    hosts, wanted = _dns_hosts(root), known.get("dns", {}).get("hosts", [])
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
