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

    @property
    def stale(self) -> bool:
        """Whether its process has ended without taking it away."""
        return self.here and not is_engine(self.pid)


def locks(backend: str, stack: str) -> tuple[Lock, ...]:
    """The locks on a stack; none where the backend keeps its own."""
    folder = state.folder_of(backend)
    place = folder and folder / "locks" / "organization" / state.PROJECT / stack
    return tuple(_read(place)) if place and place.is_dir() else ()


def is_engine(pid: int) -> bool:
    """Whether this process is an engine at work; another may have got the number since."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return False
    return name.startswith("pulumi") and rest.split()[0] != "Z"


def _read(place: Path) -> Iterator[Lock]:
    for file in sorted(place.glob("*.json")):
        with suppress(OSError, ValueError, KeyError):
            content = json.loads(file.read_text())
            yield Lock(
                file=file,
                pid=int(content["pid"]),
                here=content["hostname"] == socket.gethostname(),
            )
