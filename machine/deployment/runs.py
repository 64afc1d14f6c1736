"""The engine's runs, so that what a killed one left running can be told from all other processes.

Every process of a run has the run's mark in its environment. A file tells the mark, the engine's
process id, and when that process started: a number alone may be another program's by now.
"""

import json
import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from machine.host.processes import start_of

VARIABLE = "ISOLAB_RUN"


def begin(file: Path) -> str:
    """Note a run that is about to start; its mark."""
    mark = secrets.token_hex(16)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"mark": mark}))
    return mark


def started(file: Path, mark: str, pid: int) -> None:
    """Note the engine's process."""
    file.write_text(json.dumps({"mark": mark, "pid": pid, "started": start_of(pid)}))


def noted(file: Path) -> int | None:
    """The engine's process id of the last run; None where none was noted."""
    try:
        return json.loads(file.read_text()).get("pid")
    except (OSError, ValueError, AttributeError):
        return None


def stop_orphans(file: Path, timeout: float = 10) -> None:
    """End what a killed engine left running, which may still be at what it was told to do.

    Nothing is done while the engine lives, or where no run was noted.
    """
    try:
        run = json.loads(file.read_text())
        mark, pid = str(run["mark"]), run.get("pid")
    except (OSError, ValueError, KeyError, TypeError):
        return
    if pid is not None and start_of(pid) == run.get("started"):
        return
    deadline = time.monotonic() + timeout
    while orphans := list(_of_run(mark)):
        number = signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL
        for orphan in orphans:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(orphan, number)
        if number == signal.SIGKILL:
            break
        time.sleep(0.2)


def _of_run(mark: str) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                marks = (entry / "environ").read_bytes().split(b"\0")
                if f"{VARIABLE}={mark}".encode() in marks and start_of(int(entry.name)):
                    yield int(entry.name)
