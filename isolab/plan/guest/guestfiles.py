"""The files that a container needs on its guest: secrets, configs, copies, its slice's unit.

They travel to the guest as a shell script on standard input, so that no secret stands on a
command line.
"""

import shlex
from base64 import b64encode, encodebytes
from collections.abc import Iterator, Mapping

from isolab.plan import secrets
from isolab.plan.model import Container

UNITS = "/etc/systemd/system"
WRITE = "umask 077; exec sh -eu"
"""What the guest runs to read the script that `archive` makes."""


def archive(container: Container, seed: str, archives: Mapping[str, bytes] | None = None) -> str:
    """The script that writes a container's files; empty where it needs none.

    Args:
        container: Whose files.
        seed: What secrets are derived from.
        archives: Digest of each copy to a tar.gz of it.
    """
    return "".join(f"{line}\n" for line in _lines(container, seed, archives or {}))


def removal(container: Container) -> str:
    """The shell command that takes a container's files away again: the host's disk stays."""
    folders = sorted({file.path.rsplit("/", 1)[0] for file in container.files})
    return f"rm -rf {shlex.join(folders)}"


def _lines(container: Container, seed: str, archives: Mapping[str, bytes]) -> Iterator[str]:
    for file in container.files:
        content = secrets.password(seed, file.name) if file.content is None else file.content
        encoded = content if file.encoded else _base64(content)
        yield from _write(file.path, encoded, f"{file.mode:o}")
        if file.owner:
            yield f"chown {file.owner} {shlex.quote(file.path)}"
    for path, digest in sorted({(copy.path, copy.digest) for copy in container.copies}):
        yield from _unpack(path.rsplit("/", 1)[0], archives[digest])
    if container.slice:
        unit, path = f"[Slice]\nTasksMax={container.limits.pids}\n", f"{UNITS}/{container.slice}"
        # systemd finds a new unit by itself; of one that it knows, it has to be told. Being told
        # costs it a second of an emulated processor.
        yield f"[ -e {shlex.quote(path)} ] && reload='systemctl daemon-reload' || reload=true"
        yield from _write(path, _base64(unit), "644")
        yield "$reload"


def _unpack(folder: str, packed: bytes) -> Iterator[str]:
    """Whole or not at all: what is there under its final name is complete, and stays as it is."""
    there, half = shlex.quote(folder), shlex.quote(f"{folder}.part")
    yield f"rm -rf {half}"
    yield f"if [ ! -e {there} ]; then mkdir -p {half}"
    yield f"base64 -d <<'end' | tar -xzpf - -C {half}"
    yield encodebytes(packed).decode() + "end"
    yield f"mv {half} {there}; fi"


def _base64(content: str) -> str:
    return b64encode(content.encode()).decode()


def _write(path: str, encoded: str, mode: str) -> Iterator[str]:
    folder = path.rsplit("/", 1)[0]
    yield f"mkdir -p {shlex.quote(folder)}"
    yield f"echo {encoded} | base64 -d > {shlex.quote(path)}"
    yield f"chmod {mode} {shlex.quote(path)}"
