"""One command at a time changes a stack: from its first look at it to its last write."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from machine import paths

TIMEOUT = 60.0
"""Seconds to wait for another command."""


class Held(Exception):
    """Another command has the stack; the text says which, and since when."""


def holder(stack: str) -> str:
    """Which command changes the stack at this moment, and since when; "" where none does."""
    try:
        with _file(stack).open() as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _holder(opened)
    except FileNotFoundError:
        pass
    return ""


@contextmanager
def locked(
    stack: str, command: str, report: Callable[[str], None], timeout: float = TIMEOUT
) -> Iterator[None]:
    """Have the stack alone. The kernel lets go of the lock when its process ends, however it does.

    Args:
        stack: Its name.
        command: What others are told.
        report: Tells whom this one waits for.
        timeout: Seconds to wait.

    Raises:
        Held: Another command still has it.
    """
    # The file stays when the stack goes: a lock on a file without a name keeps nobody out.
    file = _file(stack)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+") as opened:
        _take(opened, stack, report, time.monotonic() + timeout)
        opened.truncate(0)
        since = datetime.now().strftime("%Y-%m-%d %H:%M:%S")
        opened.write(json.dumps({"command": command, "pid": os.getpid(), "since": since}))
        opened.flush()
        try:
            yield
        finally:
            opened.truncate(0)


def _file(stack: str) -> Path:
    return paths.home() / "locks" / stack


def _take(opened: TextIO, stack: str, report: Callable[[str], None], deadline: float) -> None:
    told = False
    while True:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = f"stack {stack} is in use by {_holder(opened)}"
        if time.monotonic() > deadline:
            raise Held(holder)
        if not told:
            report(f"{holder}: waiting")
            told = True
        time.sleep(0.2)


def _holder(opened: TextIO) -> str:
    opened.seek(0)
    try:
        told = json.loads(opened.read())
        return f"./lab {told['command']} (process {told['pid']}) since {told['since']}"
    except (ValueError, KeyError, TypeError):
        return "another command"
