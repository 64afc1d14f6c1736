"""Docker volumes."""

from typing import Any

from airgap.docker.connection import Connection, found
from airgap.docker.labels import LABELS, labels_of, labels_to
from airgap.framework import Context, Created, Inputs, ResourceType, State
from airgap.framework.schema import STRING, Field, Map, Object


class Volume(ResourceType[Connection]):
    """A volume. As with Docker itself, to create one that is there already is to use it."""

    token = "docker:index/volume:Volume"
    inputs = Object(
        {
            "name": Field(STRING, replaces=True, auto_name=True),
            "driver": Field(STRING, replaces=True),
            "driverOpts": Field(Map(STRING), replaces=True),
            "labels": Field(LABELS, replaces=True),
        },
        instead={"cluster": "a local volume"},
    )
    computed = ("mountpoint",)
    unfilled = ("cluster",)

    def create(self, context: Context[Connection], inputs: Inputs) -> Created:
        with context.client.told(f"unable to create volume {inputs['name']}"):
            told = context.client.api.create_volume(
                inputs["name"],
                inputs.get("driver"),
                inputs.get("driverOpts"),
                labels_to(inputs),
            )
        state = _state(told, inputs)
        return Created(inputs["name"], {**state, "driverOpts": state["driverOpts"] or None})

    def read(self, context: Context[Connection], id: str, state: State) -> State | None:
        with context.client.told(f"unable to read volume {id}"):
            told = found(context.client.api.inspect_volume, id)
        return told and _state(told, state)

    def update(self, context: Context[Connection], id: str, state: State, inputs: Inputs) -> State:
        return {**state, **inputs}

    def delete(self, context: Context[Connection], id: str, state: State) -> None:
        with context.client.told(f"unable to remove volume {id}"):
            found(context.client.api.remove_volume, id)


def _state(told: dict[str, Any], known: Inputs) -> State:
    return {
        "cluster": None,
        "driver": told["Driver"],
        "driverOpts": told.get("Options") or known.get("driverOpts") or {},
        "labels": labels_of(told.get("Labels"), known),
        "mountpoint": told["Mountpoint"],
        "name": told["Name"],
    }
