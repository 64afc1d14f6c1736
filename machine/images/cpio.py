"""Writes the archive format that the kernel unpacks an initrd from (cpio, "newc")."""

import stat
from pathlib import Path


def archive(tree: Path) -> bytes:
    """The files, folders and links below a folder, owned by root."""
    members = sorted(tree.rglob("*"))
    body = b"".join(
        entry(
            number,
            path.relative_to(tree).as_posix(),
            path.lstat().st_mode,
            content(path),
        )
        for number, path in enumerate(members, start=1)
    )
    return body + entry(0, "TRAILER!!!", 0, b"")


def content(path: Path) -> bytes:
    """What an entry holds: a link its target, a folder nothing."""
    if path.is_symlink():
        return path.readlink().as_posix().encode()
    return path.read_bytes() if path.is_file() else b""


def entry(number: int, name: str, mode: int, data: bytes) -> bytes:
    """One member: a header of hexadecimal numbers, its name, its data, each padded to 4 bytes."""
    links = 2 if stat.S_ISDIR(mode) else 1
    encoded = name.encode() + b"\0"
    fields = (number, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return padded(header + encoded) + padded(data)


def padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
