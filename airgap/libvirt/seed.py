"""Cloud-init seeds as a type of their own, which holds its three documents."""

import io
import uuid
from typing import Any

import libvirt
import pycdlib

from airgap.framework import Context, Created, Inputs, ResourceType, State
from airgap.framework.schema import STRING, Field, Object
from airgap.libvirt import iso, storage
from airgap.libvirt.connection import Connection
from airgap.libvirt.xml import element, text

_FILES = {
    "userData": "user-data",
    "metaData": "meta-data",
    "networkConfig": "network-config",
}


class CloudInitDisk(ResourceType[Connection]):
    """A seed; every change is a new one."""

    token = "libvirt:index/cloudInitDisk:CloudInitDisk"
    inputs = Object(
        {
            "name": Field(STRING, replaces=True, auto_name=True),
            "pool": Field(STRING, default="default", replaces=True),
            **{name: Field(STRING, replaces=True) for name in _FILES},
        }
    )

    def create(self, context: Context[Connection], inputs: Inputs) -> Created:
        connection, name = context.client, inputs["name"]
        content = iso.seed(*(inputs.get(part, "") for part in _FILES))
        with context.client.told(f"cloud-init disk {name} could not be created"):
            pool = storage.pool_named(connection, inputs["pool"])
            root = element(
                "volume",
                element("name", name),
                element("allocation", "0"),
                element("capacity", str(len(content)), unit="bytes"),
                storage.target("raw", "0600"),
            )
            volume = storage.make(context, pool, name, text(root))
            storage.upload(context, volume, io.BytesIO(content), len(content))
            return Created(f"{volume.key()};{uuid.uuid4()}", dict(inputs))

    def leftover(self, context: Context[Connection], inputs: Inputs) -> None:
        with context.client.told(
            f"what is left of cloud-init disk {inputs['name']} could not be removed"
        ):
            storage.remove_leftover(context, inputs["pool"], inputs["name"])

    def read(self, context: Context[Connection], id: str, state: State) -> State | None:
        with context.client.told(f"cloud-init disk {id} cannot be read"):
            volume = storage.volume_at(context.client, _path(id), state.get("pool"))
            if volume is None:
                return None
            return state or _found(context, volume)

    def update(self, context: Context[Connection], id: str, state: State, inputs: Inputs) -> State:
        return {**state, **inputs}

    def delete(self, context: Context[Connection], id: str, state: State) -> None:
        with context.client.told(f"cloud-init disk {_path(id)} could not be removed"):
            storage.remove(context.client, _path(id), state.get("pool"))


def _found(context: Context[Connection], volume: libvirt.virStorageVol) -> State:
    """The inputs that made a seed, from what lies in it."""
    disc: Any = pycdlib.PyCdlib()  # type: ignore[no-untyped-call]
    disc.open_fp(io.BytesIO(storage.download(context, volume)))
    present = {
        child.file_identifier().decode("utf-16-be")
        for child in disc.list_children(joliet_path="/")
        if child.is_file()
    }
    state = {"name": volume.name(), "pool": volume.storagePoolLookupByVolume().name()}
    for name, file in _FILES.items():
        if file in present:
            content = io.BytesIO()
            disc.get_file_from_iso_fp(content, joliet_path=f"/{file}")
            state[name] = content.getvalue().decode()
    disc.close()
    return state


def _path(id: str) -> str:
    return id.split(";", 1)[0]
