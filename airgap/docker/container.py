"""Containers: made, awaited until they are healthy, changed in place where Docker can."""

from collections.abc import Sequence

from airgap.docker.connection import Connection, found
from airgap.docker.container_creation import (
    connect_networks,
    creation,
    restart_policy,
    swap_limit,
    upload,
)
from airgap.docker.container_schema import INPUTS, LEFT_AS_THEY_ARE
from airgap.docker.container_state import MIB, UNFILLED, made, state_of, updated
from airgap.docker.container_wait import gone, settled
from airgap.framework import (
    Change,
    Context,
    Created,
    Failure,
    HalfDone,
    Inputs,
    ResourceType,
    State,
)
from airgap.framework.diff import changes as differences

IN_PLACE = ("memory", "memoryReservation", "memorySwap", "restart", "cpuShares", "cpuSet")


class Container(ResourceType[Connection]):
    """A container on one daemon."""

    token = "docker:index/container:Container"
    inputs = INPUTS
    computed = ("networkDatas", "runtime", "platform", "bridge", "exitCode")
    unfilled = UNFILLED

    def adjust(self, changes: list[Change], state: State, inputs: Inputs) -> list[Change]:
        """An input given for the first time is held against what the container has already.

        One that is given no more leaves the container as it is.
        """
        gone = {name for name in LEFT_AS_THEY_ARE if inputs.get(name) is None}
        changes = [each for each in changes if each.top not in gone]
        told = {each.path: state[each.path] for each in changes if state.get(each.path) is not None}
        first = {each.path for each in changes if each.what == "add" and each.path in told}
        before = {name: told[name] for name in first}
        after = {name: inputs[name] for name in first}
        others = [
            each
            for each in changes
            if each.path not in first and not (each.top == "ports" and _same_ports(state, inputs))
        ]
        return [*others, *differences(before, after, self.inputs)]

    def adopted(self, state: State, inputs: Inputs) -> Inputs:
        """An image's own labels and variables stand among a container's: they are no change."""
        told = {pair["label"]: pair for pair in state.get("labels") or []}
        asked = [pair["label"] for pair in inputs.get("labels") or []]
        labels = [told[name] for name in asked if name in told]
        envs = [each for each in inputs.get("envs") or [] if each in (state.get("envs") or [])]
        return super().adopted({**state, "labels": labels, "envs": envs}, inputs)

    def create(self, context: Context[Connection], inputs: Inputs) -> Created:
        name, client = inputs["name"], context.client
        with client.told(f"unable to create container {name}"):
            if found(client.api.inspect_container, name):
                raise Failure(
                    f"unable to create container {name}: there already is one on {client.host}; "
                    f"look at it with `docker inspect {name}`"
                )
            context.making()
            id = client.api.create_container(**creation(client, inputs))["Id"]
        try:
            with client.told(f"unable to start container {name}"):
                connect_networks(client, id, inputs)
                upload(client, id, inputs)
                if inputs["start"]:
                    client.api.start(id)
                told = settled(context, id, inputs)
        except Failure as failure:
            raise HalfDone(id, dict(inputs), str(failure)) from None
        return Created(id, made(state_of(told, inputs), inputs))

    def leftover(self, context: Context[Connection], inputs: Inputs) -> None:
        told = found(context.client.api.inspect_container, inputs["name"])
        if told:
            self.delete(context, told["Id"], dict(inputs))

    def read(self, context: Context[Connection], id: str, state: State) -> State | None:
        with context.client.told(f"unable to read container {state.get('name', id)}"):
            told = found(context.client.api.inspect_container, id)
        return told and state_of(told, state)

    def update(self, context: Context[Connection], id: str, state: State, inputs: Inputs) -> State:
        client = context.client
        with client.told(f"unable to update container {inputs['name']}"):
            if any(inputs.get(name) != state.get(name) for name in IN_PLACE):
                client.api.update_container(
                    id,
                    mem_limit=inputs.get("memory", 0) * MIB or None,
                    memswap_limit=swap_limit(inputs),
                    mem_reservation=inputs.get("memoryReservation", 0) * MIB or None,
                    cpu_shares=inputs.get("cpuShares"),
                    cpuset_cpus=inputs.get("cpuSet"),
                    restart_policy=restart_policy(inputs),
                )
            if inputs["mustRun"] and not client.api.inspect_container(id)["State"]["Running"]:
                client.api.start(id)
            settled(context, id, inputs)
        outputs = (*self.inputs.fields, *self.computed, *self.unfilled)
        return dict.fromkeys(outputs) | updated(state, inputs)

    def delete(self, context: Context[Connection], id: str, state: State) -> None:
        api, grace = context.client.api, state.get("destroyGraceSeconds")
        with context.client.told(f"unable to remove container {state.get('name', id)}"):
            if grace:
                found(api.stop, id, grace)
            found(api.remove_container, id, bool(state.get("removeVolumes", True)), False, True)
            gone(context, id, state.get("name", id))


def _same_ports(state: State, inputs: Inputs) -> bool:
    """Whether ports in another order are the same ones, as the official plugin sees it.

    Each is compared with the first of the same port inside: where one port inside is published
    twice, another order is a change.
    """
    had, gets = state.get("ports") or [], inputs.get("ports") or []
    return len(had) == len(gets) and all(_stands_among(port, gets) for port in had)


def _stands_among(port: Inputs, gets: Sequence[Inputs]) -> bool:
    def key(each: Inputs) -> tuple[object, ...]:
        return each["internal"], each["protocol"]

    first = next((each for each in gets if key(each) == key(port)), None)
    return first is not None and all(first.get(n) == port.get(n) for n in ("external", "ip"))
