"""Runs a command without any terminal, or in one where questions are answered."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How a command ended."""

    code: int
    """Negative where a signal ended it."""
    output: str
    """What it printed, on both streams, in the order in which it came."""
    seconds: float
    asked: tuple[str, ...] = ()
    """The questions that were answered, in their order."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to type where a question stands at the end of what was printed."""

    question: str
    """A regular expression."""
    text: str
    """Typed with a line's end behind it."""


class TookTooLong(AssertionError):
    """The command did not end in time, and was killed; the text is what it had printed."""


def without(
    command: Sequence[str], *, timeout: float, show: bool, first: Callable[[], None]
) -> Result:
    """Run a command in a session without a terminal; `first` is done in its process before."""
    read, write = os.pipe()
    started = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=write, stderr=write,
        start_new_session=True, preexec_fn=first,
    )  # fmt: skip
    os.close(write)
    return _follow(started, read, (), timeout, show)


def within(
    command: Sequence[str],
    answers: Sequence[Answer],
    *,
    timeout: float,
    show: bool,
    first: Callable[[], None],
) -> Result:
    """Run a command in a terminal of its own and answer its questions."""
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)

    def prepare() -> None:
        # In a new session the first terminal that is opened becomes the session's.
        os.close(os.open(name, os.O_RDWR))
        first()

    started = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, preexec_fn=prepare,
    )  # fmt: skip
    os.close(theirs)
    return _follow(started, ours, answers, timeout, show)


def _follow(
    started: subprocess.Popen[bytes],
    stream: int,
    answers: Sequence[Answer],
    timeout: float,
    show: bool,
) -> Result:
    begin = time.monotonic()
    printed, seen = b"", 0
    asked: list[str] = []
    try:
        while True:
            left = begin + timeout - time.monotonic()
            if left <= 0:
                raise TookTooLong(f"{timeout} s\n{_text(printed)}")
            ready, _, _ = select.select([stream], [], [], min(left, 0.5))
            more = _read(stream) if ready else b""
            if ready and not more:
                break
            printed += more
            if show:
                sys.stdout.buffer.write(more)
                sys.stdout.flush()
            if not more and started.poll() is not None:
                break  # what it left running still has the stream
            found = _asked(answers, _text(printed[seen:]))
            if found and not more:
                seen = len(printed)
                asked.append(found.question)
                os.write(stream, found.text.encode() + b"\n")
        code = started.wait(max(1, begin + timeout - time.monotonic()))
        seconds = time.monotonic() - begin
        return Result(code=code, output=_text(printed), seconds=seconds, asked=tuple(asked))
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()
        os.close(stream)


def _asked(answers: Sequence[Answer], text: str) -> Answer | None:
    return next((each for each in answers if re.search(f"(?:{each.question})\\s*\\Z", text)), None)


def _read(stream: int) -> bytes:
    try:
        return os.read(stream, 65536)
    except OSError:  # the terminal's other side is closed
        return b""


def _text(printed: bytes) -> str:
    return printed.decode(errors="replace").replace("\r\n", "\n")
