"""Locks of the file backend, and whether who took them is still there."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from machine.deployment import state


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """Says that a process changes a stack."""

    file: Path
    pid: int
    here: bool
    """Whether the process is one of this machine."""
    host: str
    """The name that its machine had when it took the lock."""

    @property
    def stale(self) -> bool:
        """Whether its process has ended without taking it away."""
        return self.here and not is_engine(self.pid)


def locks(backend: str, stack: str, ours: int | None = None) -> tuple[Lock, ...]:
    """The locks on a stack; none where the backend keeps its own.

    Args:
        backend: Its URL.
        stack: Its name.
        ours: The last engine that isolab started here for the stack: its lock is one of this
            machine's also where the machine has got another name since.
    """
    folder = state.folder_of(backend)
    place = folder and folder / "locks" / "organization" / state.PROJECT / stack
    return tuple(_read(place, ours)) if place and place.is_dir() else ()


def is_engine(pid: int) -> bool:
    """Whether this process is an engine at work; another may have got the number since."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return False
    return name.startswith("pulumi") and rest.split()[0] != "Z"


def _read(place: Path, ours: int | None) -> Iterator[Lock]:
    for file in sorted(place.glob("*.json")):
        with suppress(OSError, ValueError, KeyError):
            content = json.loads(file.read_text())
            pid, host = int(content["pid"]), str(content["hostname"])
            here = host == socket.gethostname() or pid == ours
            yield Lock(file=file, pid=pid, here=here, host=host)
