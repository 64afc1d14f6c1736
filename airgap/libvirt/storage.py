"""What volumes and cloud-init seeds share: a file in a pool, filled through a stream."""

import contextlib
from typing import BinaryIO

import libvirt

from airgap.framework import Context, Failure
from airgap.libvirt.connection import Connection, found, ignoring_gone, until_accepted
from airgap.libvirt.xml import Element, element

CHUNK = 1024 * 1024


def pool_named(connection: Connection, name: str) -> libvirt.virStoragePool:
    """The pool, running."""
    pool = found(connection.handle.storagePoolLookupByName, name)
    if pool is None:
        raise Failure(f"there is no storage pool {name}")
    if not pool.isActive():
        pool.create()
    return pool


def volume_at(connection: Connection, path: str, pool: str | None) -> libvirt.virStorageVol | None:
    """The volume, also when it came behind libvirt's back or its pool is not running."""
    volume = found(connection.handle.storageVolLookupByKey, path)
    if volume is None and pool is not None:
        holder = found(connection.handle.storagePoolLookupByName, pool)
        if holder is None:
            return None
        if not holder.isActive():
            holder.create()
            volume = found(connection.handle.storageVolLookupByKey, path)
    return volume


def target(format: str, mode: str) -> Element:
    """How the file lies in its pool."""
    return element(
        "target",
        element("format", type=format),
        element("permissions", element("mode", mode)),
    )


def make(
    context: Context[Connection], pool: libvirt.virStoragePool, name: str, document: str
) -> libvirt.virStorageVol:
    """A new volume; one of the same name is never taken over."""
    if found(pool.storageVolLookupByName, name):
        raise Failure(
            f"a volume {name} already exists in the storage pool {pool.name()} and is not this "
            f"stack's: look at it with `virsh vol-info {name} {pool.name()}`"
        )
    context.making()
    return pool.createXML(document)


def remove_leftover(context: Context[Connection], pool: str, name: str) -> None:
    """Deletes what a create of the same volume left."""
    holder = found(context.client.handle.storagePoolLookupByName, pool)
    volume = found(holder.storageVolLookupByName, name) if holder else None
    if volume is not None:
        until_accepted(lambda: ignoring_gone(volume.delete))


def upload(
    context: Context[Connection],
    volume: libvirt.virStorageVol,
    content: BinaryIO,
    length: int,
) -> None:
    """Fills the volume; on any failure it is removed, so that no half of it stays."""
    stream = context.client.handle.newStream()
    try:
        volume.upload(stream, 0, length)
        stream.sendAll(lambda _stream, size, _: _next(context, content, size), None)
        stream.finish()
    except BaseException:
        with contextlib.suppress(libvirt.libvirtError):
            stream.abort()
        with contextlib.suppress(libvirt.libvirtError):
            until_accepted(volume.delete)
        raise


def _next(context: Context[Connection], content: BinaryIO, size: int) -> bytes:
    if context.ending.is_set():
        raise Failure(f"{context.ending.reason} while it was filled")
    return content.read(size)


def download(context: Context[Connection], volume: libvirt.virStorageVol) -> bytes:
    """What is in a small volume."""
    content = bytearray()
    stream = context.client.handle.newStream()
    volume.download(stream, 0, 0)
    stream.recvAll(lambda _stream, piece, _: content.extend(piece), None)
    stream.finish()
    return bytes(content)


def remove(connection: Connection, path: str, pool: str | None) -> None:
    """Deletes the volume, if it is still there."""
    volume = volume_at(connection, path, pool)
    if volume is not None:
        until_accepted(lambda: ignoring_gone(volume.delete))
