"""Files and folders of this machine that guests get a copy of."""

import gzip
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

from isolab.plan.model import HostFiles

LIMIT = 16 * 2**20
"""Bytes of one bind mount; it travels through the engine's state into the guest."""
CONTENT = "content"
"""What the copied file or folder is called in its archive."""


class Refused(Exception):
    """This cannot be copied; the text says what is in the way."""


def look(source: Path) -> HostFiles:
    """What is there now, an empty folder where nothing is; where it cannot be copied, why."""
    try:
        unpacked = _tar(source)
    except Refused as refused:
        return HostFiles(problem=str(refused))
    except OSError as error:
        return HostFiles(problem=f"{error.filename} cannot be read: {error.strerror}")
    files = (path.lstat() for path, _ in _entries(source))
    size = sum(status.st_size for status in files if stat.S_ISREG(status.st_mode))
    return HostFiles(digest=hashlib.sha256(unpacked).hexdigest(), size=size)


def archive(source: Path) -> bytes:
    """A tar.gz of it, the same bytes for the same content, modes and owners."""
    return gzip.compress(_tar(source), mtime=0)


def _tar(source: Path) -> bytes:
    buffer, size = io.BytesIO(), 0
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as packed:
        if not os.path.lexists(source):
            packed.addfile(_empty_folder())
        for path, name in _entries(source):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                size += status.st_size
            if size > LIMIT:
                raise Refused(f"{source} holds more than {LIMIT // 2**20} MiB")
            entry = packed.gettarinfo(path, arcname=name)
            # What the same content has on two machines, or at two times, is no difference.
            entry.mtime, entry.uname, entry.gname = 0, "", ""
            if entry.isreg():
                packed.addfile(entry, io.BytesIO(path.read_bytes()))
            else:
                packed.addfile(entry)
    return buffer.getvalue()


def _empty_folder() -> tarfile.TarInfo:
    """What Docker makes where a bind mount's source is missing."""
    made = tarfile.TarInfo(CONTENT)
    made.type, made.mode = tarfile.DIRTYPE, 0o755
    return made


def _entries(source: Path) -> Iterator[tuple[Path, str]]:
    """All that is copied, folders before what is in them, each with its name in the archive."""
    if not os.path.lexists(source):
        return
    real = Path(os.path.realpath(source))
    yield _checked(real, real), CONTENT
    if real.is_dir():
        for path in sorted(real.rglob("*")):
            yield _checked(path, real), f"{CONTENT}/{path.relative_to(real).as_posix()}"


def _checked(path: Path, top: Path) -> Path:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        to = os.readlink(path)
        inside = Path(os.path.normpath(path.parent / to)).is_relative_to(top)
        if os.path.isabs(to) or not inside:
            raise Refused(f"{path} is a symbolic link to {to}, outside the folder")
    elif not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise Refused(
            f"{path} is {_kind(mode)}: only files, folders and links are copied to a guest"
        )
    return path


def _kind(mode: int) -> str:
    if stat.S_ISSOCK(mode):
        return "a socket"
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    return "a device"
