"""Volumes: an uploaded image, an overlay on another volume, or an empty disk."""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libvirt

from airgap.framework import Context, Created, Failure, Inputs, ResourceType, State
from airgap.framework.schema import INTEGER, STRING, Field, Object
from airgap.libvirt import storage
from airgap.libvirt.connection import Connection
from airgap.libvirt.xml import XSLT, element, parse, transformed

_QCOW2 = b"QFI\xfb"
_IMAGE_MODE = "0644"
_DISK_MODE = "0600"
"""A guest's disk holds its keys; QEMU is given access when the guest starts."""


class Volume(ResourceType[Connection]):
    """A file in a pool; nothing of it can be changed in place."""

    token = "libvirt:index/volume:Volume"
    inputs = Object(
        {
            "name": Field(STRING, replaces=True, auto_name=True),
            "pool": Field(STRING, default="default", replaces=True),
            "source": Field(STRING, replaces=True),
            "size": Field(INTEGER, replaces=True),
            "format": Field(STRING, replaces=True),
            "baseVolumeId": Field(STRING, replaces=True),
            "xml": XSLT,
        },
        instead={"baseVolumeName": "baseVolumeId", "baseVolumePool": "baseVolumeId"},
    )
    computed = ("format", "size")
    unfilled = ("baseVolumeName", "baseVolumePool")

    def problems(self, inputs: Inputs) -> Iterable[tuple[str, str]]:
        if "source" in inputs:
            for other in ("size", "baseVolumeId"):
                if other in inputs:
                    yield (
                        other,
                        "cannot be given together with source, which decides it",
                    )
        elif "size" not in inputs and "baseVolumeId" not in inputs:
            yield "size", "is required where neither source nor baseVolumeId is given"
        source = inputs.get("source", "")
        if isinstance(source, str) and "://" in source and not source.startswith("file://"):
            yield "source", "is a URL, expected a path on this machine"

    def create(self, context: Context[Connection], inputs: Inputs) -> Created:
        connection, name = context.client, inputs["name"]
        with context.client.told(f"volume {name} could not be created"):
            pool = storage.pool_named(connection, inputs["pool"])
            if "source" in inputs:
                volume = _uploaded(context, pool, inputs)
            else:
                document = _empty(connection, inputs)
                volume = storage.make(context, pool, name, document)
            return Created(volume.key(), _state(volume, inputs))

    def leftover(self, context: Context[Connection], inputs: Inputs) -> None:
        name = inputs["name"]
        # An empty disk may have been retained on purpose since, with a guest's data on it.
        if "source" in inputs or "baseVolumeId" in inputs:
            with context.client.told(f"what is left of volume {name} could not be removed"):
                storage.remove_leftover(context, inputs["pool"], name)

    def read(self, context: Context[Connection], id: str, state: State) -> State | None:
        with context.client.told(f"volume {id} cannot be read"):
            volume = storage.volume_at(context.client, id, state.get("pool"))
            # A file that was deleted behind libvirt's back is still in its list until it looks.
            if volume is None or not _is_there(volume):
                return None
            return _state(volume, state)

    def update(self, context: Context[Connection], id: str, state: State, inputs: Inputs) -> State:
        return {**state, **inputs}

    def delete(self, context: Context[Connection], id: str, state: State) -> None:
        with context.client.told(f"volume {id} could not be removed"):
            storage.remove(context.client, id, state.get("pool"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """What the head of an image file tells."""

    format: str
    capacity: int
    """Bytes that the guest sees."""
    length: int
    """Bytes of the file."""


def look_at(path: Path) -> Image:
    """Tells a qcow2 image from a raw one."""
    try:
        length = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(32)
    except OSError as error:
        raise Failure(f"the image {path} cannot be read: {os.strerror(error.errno or 0)}") from None
    if head.startswith(_QCOW2):
        return Image(format="qcow2", capacity=int.from_bytes(head[24:32], "big"), length=length)
    return Image(format="raw", capacity=length, length=length)


def _uploaded(
    context: Context[Connection], pool: libvirt.virStoragePool, inputs: Inputs
) -> libvirt.virStorageVol:
    path = Path(inputs["source"].removeprefix("file://"))
    image = look_at(path)
    format = inputs.get("format", image.format)
    if image.format == "qcow2" and format != "qcow2":
        raise Failure(f"the image {path} is qcow2, but format says {format}")
    root = element(
        "volume",
        element("name", inputs["name"]),
        element("allocation", "0"),
        element("capacity", str(image.capacity), unit="bytes"),
        storage.target(format, _IMAGE_MODE),
    )
    document = transformed(root, inputs)
    volume = storage.make(context, pool, inputs["name"], document)
    with path.open("rb") as content:
        storage.upload(context, volume, content, image.length)
    return volume


def _empty(connection: Connection, inputs: Inputs) -> str:
    size, base = inputs.get("size"), None
    if "baseVolumeId" in inputs:
        path = inputs["baseVolumeId"]
        backing = storage.volume_at(connection, path, inputs["pool"])
        if backing is None:
            raise Failure(f"there is no volume {path} to build on")
        least = backing.info()[1]
        size = least if size is None else size
        if size < least:
            raise Failure(f"size {size} is smaller than that of the base volume {path}, {least}")
        format = parse(backing.XMLDesc()).find("target/format").get("type")
        base = element(
            "backingStore",
            element("path", backing.path()),
            element("format", type=format),
        )
    root = element(
        "volume",
        element("name", inputs["name"]),
        element("allocation", "0"),
        element("capacity", str(size), unit="bytes"),
        storage.target(inputs.get("format", "qcow2"), _DISK_MODE),
        base,
    )
    return transformed(root, inputs)


def _is_there(volume: libvirt.virStorageVol) -> bool:
    try:
        volume.info()
    except libvirt.libvirtError:
        with contextlib.suppress(libvirt.libvirtError):
            volume.storagePoolLookupByVolume().refresh()
        return False
    return True


def _state(volume: libvirt.virStorageVol, known: Inputs) -> State:
    root = parse(volume.XMLDesc())
    format = root.find("target/format")
    state: dict[str, Any] = {
        "baseVolumeId": known.get("baseVolumeId"),
        "baseVolumeName": None,
        "baseVolumePool": None,
        "format": known.get("format") if format is None else format.get("type"),
        "name": volume.name(),
        "pool": volume.storagePoolLookupByVolume().name(),
        "size": volume.info()[1],
        "source": known.get("source"),
        "xml": known.get("xml"),
    }
    return state
