"""A shell on a terminal of its own, which several windows may look at, one after the other."""

import asyncio
import fcntl
import os
import signal
import struct
import subprocess
import termios
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HISTORY = 256 * 1024
"""Bytes of output that a window sees which comes later."""
PIECE = 64 * 1024
GRACE = 1.0
"""Seconds that processes have to end after SIGHUP."""
FEWEST, MOST = 2, 1000
"""Rows and columns of a window."""


@dataclass(eq=False, slots=True)
class _Viewer:
    """A window that looks at the output."""

    position: int
    """How much of all output it has."""
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Terminal:
    """One shell; made and used in the event loop.

    Args:
        argv: The command line, which becomes the leader of a session on the terminal.
        environment: Its variables.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self._loop = asyncio.get_running_loop()
        self._master, slave = os.openpty()
        try:
            self.resize(24, 80)
            # setsid makes the terminal the session's own: so Ctrl-C and a new size reach the shell.
            self._process = subprocess.Popen(
                ["setsid", "--ctty", *argv],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env={**environment, "TERM": "xterm-256color"},
            )
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(slave)
        os.set_blocking(self._master, False)
        self._history = bytearray()
        self._total = 0
        self._viewers = set[_Viewer]()
        self._seen = time.monotonic()
        self._reading = True
        self.ended = False
        self._loop.add_reader(self._master, self._read)

    @property
    def pid(self) -> int:
        """The session's leader."""
        return self._process.pid

    @property
    def unseen(self) -> float:
        """Seconds since the last window left; 0 while there is one."""
        return 0 if self._viewers else time.monotonic() - self._seen

    @property
    def finished(self) -> bool:
        """Whether the shell has come to its end by itself."""
        return self.ended or self._process.poll() is not None

    async def output(self) -> AsyncGenerator[bytes, None]:
        """The last output, then what comes, until the shell ends."""
        viewer = _Viewer(position=self._total - len(self._history))
        self._viewers.add(viewer)
        try:
            while True:
                begin = len(self._history) - (self._total - viewer.position)
                piece = bytes(self._history[begin : begin + PIECE])
                if piece:
                    yield piece
                    viewer.position += len(piece)
                    self._read_on()
                elif self.ended:
                    return
                else:
                    viewer.news.clear()
                    await viewer.news.wait()
        finally:
            self._viewers.discard(viewer)
            self._seen = time.monotonic()
            self._read_on()

    async def write(self, data: bytes) -> None:
        """Type; waits while the shell does not read."""
        while data and not self.ended:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                await self._writable()
            except OSError:
                return

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal the window's size."""
        size = (min(max(each, FEWEST), MOST) for each in (rows, columns))
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))

    async def end(self) -> None:
        """End every process of the session; those that ignore SIGHUP are killed."""
        self._stop()
        deadline = time.monotonic() + GRACE
        for sent in (signal.SIGHUP, signal.SIGKILL):
            for member in _session(self.pid):
                _kill(member, sent)
            if self._process.poll() is None:
                # Before it has a session of its own, too.
                self._process.send_signal(sent)
            while _session(self.pid) and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
                self._process.poll()
        await asyncio.to_thread(self._process.wait)

    def _read(self) -> None:
        try:
            data = os.read(self._master, PIECE)
        except BlockingIOError:
            return
        except OSError:
            # EIO: nobody has the terminal open any more.
            data = b""
        if not data:
            self._stop()
            return
        self._history += data
        self._total += len(data)
        del self._history[:-HISTORY]
        if any(self._total - viewer.position > HISTORY - PIECE for viewer in self._viewers):
            self._reading = False
            self._loop.remove_reader(self._master)
        self._tell()

    def _read_on(self) -> None:
        """Read again, where reading has stopped for a window that lagged behind."""
        behind = (self._total - viewer.position for viewer in self._viewers)
        if not self._reading and not self.ended and max(behind, default=0) <= HISTORY - PIECE:
            self._reading = True
            self._loop.add_reader(self._master, self._read)

    async def _writable(self) -> None:
        ready = asyncio.Event()
        self._loop.add_writer(self._master, ready.set)
        try:
            await ready.wait()
        finally:
            self._loop.remove_writer(self._master)

    def _stop(self) -> None:
        """Take the terminal away: its shell gets SIGHUP from the kernel."""
        if self.ended:
            return
        self.ended = True
        self._loop.remove_reader(self._master)
        self._loop.remove_writer(self._master)
        os.close(self._master)
        self._tell()

    def _tell(self) -> None:
        for viewer in self._viewers:
            viewer.news.set()


def _session(leader: int) -> set[int]:
    """The processes of a session, whatever groups a shell has made of them."""
    found: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        state, _, _, session = text.rpartition(")")[2].split()[:4]
        if int(session) == leader and state != "Z":
            found.add(int(stat.parent.name))
    return found


def _kill(pid: int, sent: signal.Signals) -> None:
    try:
        os.kill(pid, sent)
    except ProcessLookupError:
        return
