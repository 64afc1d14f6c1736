"""libvirt networks: a bridge with addresses, DHCP and DNS by dnsmasq."""

import contextlib
import ipaddress
from collections.abc import Iterable

import libvirt

from airgap.framework import Change, Context, Created, Failure, Inputs, ResourceType, State
from airgap.framework.schema import BOOLEAN, INTEGER, STRING, Field, List, Object
from airgap.libvirt.connection import Connection, found, ignoring_gone, remove_leftover
from airgap.libvirt.network_dns import change_dns_hosts
from airgap.libvirt.network_xml import document, state_of
from airgap.libvirt.xml import XSLT, transformed

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
    unfilled = ("dnsmasqOptions", "routes")

    def problems(self, inputs: Inputs) -> Iterable[tuple[str, str]]:
        if inputs["mode"] not in _MODES and isinstance(inputs["mode"], str):
            yield "mode", f"is {inputs['mode']}, expected one of {', '.join(_MODES)}"
        for index, each in enumerate(inputs.get("addresses", ())):
            if isinstance(each, str):
                try:
                    ipaddress.ip_network(each)
                except ValueError as error:
                    yield f"addresses[{index}]", f"is not a network: {error}"

    def adjust(self, changes: list[Change], state: State, inputs: Inputs) -> list[Change]:
        return [
            Change(path=each.path, what=each.what, replaces=True)
            if each.path in ("dns.enabled", "dns.localOnly")
            else each
            for each in changes
        ]

    def create(self, context: Context[Connection], inputs: Inputs) -> Created:
        connection, name = context.client, inputs["name"]
        with context.client.told(f"network {name} could not be created"):
            with connection.defining_network:
                if found(connection.handle.networkLookupByName, name):
                    raise Failure(
                        f"a network {name} already exists and is not this stack's: "
                        f"look at it with `virsh net-dumpxml {name}`"
                    )
                context.making()
                network = connection.handle.networkDefineXML(transformed(document(inputs), inputs))
            try:
                network.setAutostart(1 if inputs.get("autostart") else 0)
                network.create()
            except libvirt.libvirtError:
                with contextlib.suppress(libvirt.libvirtError):
                    network.undefine()
                raise
            return Created(network.UUIDString(), state_of(network, inputs))

    def leftover(self, context: Context[Connection], inputs: Inputs) -> None:
        lookup = context.client.handle.networkLookupByName
        remove_leftover(self, "network", lookup, context, inputs)

    def read(self, context: Context[Connection], id: str, state: State) -> State | None:
        with context.client.told(f"network {id} cannot be read"):
            network = found(context.client.handle.networkLookupByUUIDString, id)
            return None if network is None else state_of(network, state)

    def update(self, context: Context[Connection], id: str, state: State, inputs: Inputs) -> State:
        name = inputs["name"]
        with context.client.told(f"network {name} could not be updated"):
            network = found(context.client.handle.networkLookupByUUIDString, id)
            if network is None:
                raise Failure(f"the network {name} is gone: run a refresh, then up again")
            if not network.isActive():
                network.create()
            network.setAutostart(1 if inputs.get("autostart") else 0)
            change_dns_hosts(network, inputs.get("dns", {}).get("hosts", []))
            return state_of(network, inputs)

    def delete(self, context: Context[Connection], id: str, state: State) -> None:
        with context.client.told(f"network {state.get('name', id)} could not be removed"):
            network = found(context.client.handle.networkLookupByUUIDString, id)
            if network is None:
                return
            if network.isActive():
                ignoring_gone(network.destroy)
            ignoring_gone(network.undefine)
