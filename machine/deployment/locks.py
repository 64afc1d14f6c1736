"""Locks of the file backend, and the processes that left them behind."""

import json
import os
import signal
import socket
import time
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


def stop_orphans(home: Path, patience: float = 10) -> None:
    """End plugins of a killed engine, which may still be at what it told them to do."""
    deadline = time.monotonic() + patience
    while orphans := [pid for pid in _plugins(home) if not _has_engine(pid)]:
        number = signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL
        for pid in orphans:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        if number == signal.SIGKILL:
            return
        time.sleep(0.2)


def _read(place: Path) -> Iterator[Lock]:
    for file in sorted(place.glob("*.json")):
        with suppress(OSError, ValueError, KeyError):
            content = json.loads(file.read_text())
            yield Lock(
                file=file,
                pid=int(content["pid"]),
                here=content["hostname"] == socket.gethostname(),
            )


def _plugins(home: Path) -> Iterator[int]:
    """Running plugins of engines whose folder is isolab's, whichever their set."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                environment = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes()
                ours = f"PULUMI_HOME={home}/".encode() in environment
                if ours and stat[0] != "Z" and _is_plugin(command):
                    yield int(entry.name)


def _is_plugin(command: bytes) -> bool:
    """An official plugin, or one of airgap's, as its command line tells."""
    return b"pulumi-resource-" in command or b"airgap" in command


def _has_engine(pid: int) -> bool:
    """Whether an engine is among the process's ancestors."""
    while pid > 1:
        if is_engine(pid):
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return False
