"""Docker networks."""

from typing import Any

from docker.types import IPAMConfig, IPAMPool

from airgap.docker.connection import Connection, found
from airgap.docker.labels import LABELS, labels_of, labels_to
from airgap.framework import Context, Created, Failure, Inputs, ResourceType, State
from airgap.framework.schema import BOOLEAN, STRING, Field, List, Map, Object

_POOL = Object(
    {
        "subnet": Field(STRING),
        "gateway": Field(STRING),
        "ipRange": Field(STRING),
        "auxAddress": Field(Map(STRING)),
    }
)


class Network(ResourceType[Connection]):
    """A network of containers on one daemon."""

    token = "docker:index/network:Network"
    inputs = Object(
        {
            "name": Field(STRING, replaces=True, auto_name=True),
            "driver": Field(STRING, replaces=True),
            "internal": Field(BOOLEAN, replaces=True),
            "attachable": Field(BOOLEAN, replaces=True),
            "ipv6": Field(BOOLEAN, replaces=True),
            "options": Field(Map(STRING), replaces=True),
            "labels": Field(LABELS, replaces=True),
            "ipamDriver": Field(STRING, default="default", replaces=True),
            "ipamOptions": Field(Map(STRING), replaces=True),
            "ipamConfigs": Field(List(_POOL, ordered=False), replaces=True),
        },
        instead={"ingress": "a swarm's own tools"},
    )
    computed = ("scope",)
    unfilled = ("ingress",)

    def create(self, context: Context[Connection], inputs: Inputs) -> Created:
        name, api = inputs["name"], context.client.api
        with context.client.told(f"unable to create network {name}"):
            if self._named(context, name):
                raise Failure(
                    f"unable to create network {name}: there already is one on "
                    f"{context.client.host}; look at it with `docker network inspect {name}`"
                )
            context.making()
            pools = inputs.get("ipamConfigs")
            made = api.create_network(
                name,
                driver=inputs.get("driver"),
                options=inputs.get("options"),
                ipam=IPAMConfig(
                    driver=inputs["ipamDriver"],
                    options=inputs.get("ipamOptions"),
                    pool_configs=[
                        IPAMPool(
                            subnet=pool.get("subnet"),
                            gateway=pool.get("gateway"),
                            iprange=pool.get("ipRange"),
                            aux_addresses=pool.get("auxAddress"),
                        )
                        for pool in pools
                    ],
                )
                if pools
                else None,
                check_duplicate=True,
                internal=inputs.get("internal", False),
                labels=labels_to(inputs),
                enable_ipv6=inputs.get("ipv6", False),
                attachable=inputs.get("attachable"),
            )
            told = api.inspect_network(made["Id"])
        return Created(told["Id"], {**_state(told, inputs), **_unread(told, inputs)})

    def leftover(self, context: Context[Connection], inputs: Inputs) -> None:
        for told in self._named(context, inputs["name"]):
            self.delete(context, told["Id"], {})

    def _named(self, context: Context[Connection], name: str) -> list[dict[str, Any]]:
        return [n for n in context.client.api.networks(names=[name]) if n["Name"] == name]

    def read(self, context: Context[Connection], id: str, state: State) -> State | None:
        with context.client.told(f"unable to read network {id}"):
            told = found(context.client.api.inspect_network, id)
        return told and _state(told, state)

    def update(self, context: Context[Connection], id: str, state: State, inputs: Inputs) -> State:
        return {**state, **inputs}

    def delete(self, context: Context[Connection], id: str, state: State) -> None:
        with context.client.told(f"unable to remove network {state.get('name', id)}"):
            found(context.client.api.remove_network, id)


def _unread(told: dict[str, Any], inputs: Inputs) -> State:
    """What is empty in another way right after the creation."""
    pools = _state(told, inputs)["ipamConfigs"]
    return {
        "ipamOptions": inputs.get("ipamOptions"),
        "ipamConfigs": [{**pool, "auxAddress": pool["auxAddress"] or None} for pool in pools],
    }


def _state(told: dict[str, Any], known: Inputs) -> State:
    pools = [
        {
            "auxAddress": pool.get("AuxiliaryAddresses") or {},
            "gateway": pool.get("Gateway", ""),
            "ipRange": pool.get("IPRange", ""),
            "subnet": pool.get("Subnet", ""),
        }
        for pool in told["IPAM"].get("Config") or []
    ]
    return {
        "attachable": told["Attachable"],
        "driver": told["Driver"],
        "ingress": told["Ingress"],
        "internal": told["Internal"],
        "ipamConfigs": pools,
        "ipamDriver": told["IPAM"]["Driver"],
        "ipamOptions": told["IPAM"].get("Options") or {},
        "ipv6": told["EnableIPv6"],
        "labels": labels_of(told.get("Labels"), known),
        "name": told["Name"],
        "options": told.get("Options") or {},
        "scope": told["Scope"],
    }
