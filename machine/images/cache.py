"""Folders of the cache that are either whole or not there, whatever interrupts the making."""

import fcntl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

PARTIAL = ".partial-"


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Keep other processes out of a place, and sweep up what an interrupted one left there."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in place.glob(f"{PARTIAL}*"):
            discard(leftover)
        yield


@contextmanager
def folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which gets its name only once it is filled without an error."""
    partial = Path(mkdtemp(prefix=PARTIAL, dir=target.parent))
    partial.chmod(0o755)
    try:
        yield partial
        partial.rename(target)
    finally:
        discard(partial)


def discard(tree: Path) -> None:
    """Remove a tree, but never what is mounted in it."""
    subprocess.run(["rm", "-rf", "--one-file-system", tree], check=False)
