"""Storage pools that are a folder."""

import contextlib
from collections.abc import Iterable
from typing import Any

import libvirt

from airgap.framework import Context, Created, Failure, Inputs, ResourceType, State
from airgap.framework.schema import STRING, Field, Object
from airgap.libvirt.connection import (
    Connection,
    found,
    ignoring_gone,
    remove_leftover,
    until_accepted,
)
from airgap.libvirt.xml import XSLT, element, parse, transformed

_MEASURED = ("allocation", "available", "capacity")


class Pool(ResourceType[Connection]):
    """A folder that volumes are made in; goes with its folder, unless something is left in it."""

    token = "libvirt:index/pool:Pool"
    inputs = Object(
        {
            "name": Field(STRING, replaces=True, auto_name=True),
            "type": Field(STRING, required=True, replaces=True),
            "target": Field(
                Object({"path": Field(STRING, required=True)}),
                required=True,
                replaces=True,
            ),
            "xml": XSLT,
        },
        instead={
            "path": "target.path",
            "source": "target.path",
            **{name: "nothing: libvirt measures it" for name in _MEASURED},
        },
    )
    computed = _MEASURED
    unfilled = ("path", "source")

    def problems(self, inputs: Inputs) -> Iterable[tuple[str, str]]:
        if inputs["type"] != "dir":
            yield "type", f"is {inputs['type']}, expected dir"

    def create(self, context: Context[Connection], inputs: Inputs) -> Created:
        name, handle = inputs["name"], context.client.handle
        with context.client.told(f"storage pool {name} could not be created"):
            if found(handle.storagePoolLookupByName, name):
                raise Failure(
                    f"a storage pool {name} already exists and is not this stack's: "
                    f"look at it with `virsh pool-info {name}`"
                )
            context.making()
            root = element(
                "pool",
                element("name", name),
                element("target", element("path", inputs["target"]["path"])),
                type="dir",
            )
            pool = handle.storagePoolDefineXML(transformed(root, inputs))
            try:
                pool.build()
                pool.setAutostart(1)
                pool.create()
            except libvirt.libvirtError:
                with contextlib.suppress(libvirt.libvirtError):
                    pool.undefine()
                raise
            return Created(pool.UUIDString(), _state(pool, inputs))

    def leftover(self, context: Context[Connection], inputs: Inputs) -> None:
        lookup = context.client.handle.storagePoolLookupByName
        remove_leftover(self, "storage pool", lookup, context, inputs)

    def read(self, context: Context[Connection], id: str, state: State) -> State | None:
        with context.client.told(f"storage pool {id} cannot be read"):
            pool = found(context.client.handle.storagePoolLookupByUUIDString, id)
            return None if pool is None else _state(pool, state)

    def update(self, context: Context[Connection], id: str, state: State, inputs: Inputs) -> State:
        return {**state, **inputs}

    def delete(self, context: Context[Connection], id: str, state: State) -> None:
        with context.client.told(f"storage pool {state.get('name', id)} could not be removed"):
            pool = found(context.client.handle.storagePoolLookupByUUIDString, id)
            if pool is None:
                return
            if pool.isActive():
                until_accepted(lambda: ignoring_gone(pool.destroy))
            with contextlib.suppress(libvirt.libvirtError):
                # Refuses a folder that is not empty: what is left was retained on purpose.
                pool.delete()
            until_accepted(lambda: ignoring_gone(pool.undefine))


def _state(pool: libvirt.virStoragePool, known: Inputs) -> State:
    root = parse(pool.XMLDesc())
    _, capacity, allocation, available = pool.info()
    state: dict[str, Any] = {
        "allocation": allocation,
        "available": available,
        "capacity": capacity,
        "name": pool.name(),
        "path": None,
        "source": None,
        "target": {"path": root.findtext("target/path")},
        "type": root.get("type"),
        "xml": known.get("xml"),
    }
    return state
