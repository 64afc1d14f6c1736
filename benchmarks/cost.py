"""What a command costs with all that it starts: processor time, time, memory."""

import ctypes
import os
import resource
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from isolab.cli.errors import Failure

LOOK = 0.5
"""Seconds between two looks at the memory."""
_ADOPT_ORPHANS = 36
"""prctl's number for: what outlives its parent becomes our child, whose time is counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Of one run."""

    processor: float
    """Seconds of user and system time, of the command and all below it."""
    seconds: float
    """From its start to its end, beside all else that the machine does."""
    memory: float
    """MiB that all its processes had together at most; what they share is counted once."""


def of(command: Sequence[str | Path], variables: Mapping[str, str], folder: Path) -> Cost:
    """Run a command to its end.

    Raises:
        Failure: It failed; with what it said.
    """
    ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1)
    before, begin = _processor(), time.monotonic()
    process = subprocess.Popen(
        list(map(str, command)),
        env=dict(variables),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, memory = "", 0.0
    while process.returncode is None:
        memory = max(memory, _memory(process.pid))
        # With a pipe that nobody reads it would come to a stop.
        with suppress(subprocess.TimeoutExpired):
            said = process.communicate(timeout=LOOK)[0]
    seconds = time.monotonic() - begin
    _reap()
    if process.returncode:
        raise Failure(1, f"{' '.join(map(str, command[-4:]))} failed in {folder}", said[-2000:])
    return Cost(processor=_processor() - before, seconds=seconds, memory=memory)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _reap() -> None:
    """Wait for what the command left to end by itself: its time counts too."""
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _memory(process: int) -> float:
    return sum(map(_held, (process, *_below(process))))


def _below(process: int) -> Iterator[int]:
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield int(child)
                yield from _below(int(child))


def _held(process: int) -> float:
    """MiB; a page that n processes share counts as its n-th part."""
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024
    return 0.0
