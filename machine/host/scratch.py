"""Folders for the time of a command, of which a command that was killed leaves none for ever.

Who has a folder holds a lock on it, and so do the processes that got its descriptor. The kernel
releases the lock with the last of them; the next command that makes a folder removes those beside
it that nobody holds.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PREFIX = "isolab-run-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scratch:
    """A folder that is there for some time."""

    path: Path
    descriptor: int
    """What holds it; a process that inherits this holds it too."""


@contextmanager
def folder() -> Generator[Scratch, None, None]:
    """An empty one among the temporary files, gone at the end."""
    _remove_unheld(Path(tempfile.gettempdir()))
    made = _made()
    try:
        yield made
    finally:
        shutil.rmtree(made.path, ignore_errors=True)
        os.close(made.descriptor)


def _made() -> Scratch:
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        # Programs of other users pass through it to what is theirs.
        path.chmod(0o711)
        held = _hold(path, fcntl.LOCK_EX)
        if held is not None:
            return Scratch(path=path, descriptor=held)


def _remove_unheld(where: Path) -> None:
    for path in where.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or held
            held = _hold(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if held is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(held)


def _hold(path: Path, how: int) -> int | None:
    """The descriptor that holds a folder; None where it was removed meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, how)
        if path.is_dir():
            return descriptor
    except OSError:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
