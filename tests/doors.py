"""Doors: sockets that are open before their program listens, and what comes through them then."""

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

TRIES = int(os.environ.get("ISOLAB_DOOR_TRIES", "20"))
"""How often a wait is held against each kind of door; 200 were tried when these were written."""
AT_ONCE = 8
FAULTS = 3
"""So many connections go wrong before the program is there."""
HELD = 0.4
"""Seconds that a silent door keeps a connection."""
OK = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Handler = Callable[[socket.socket], None]


def _reset(client: socket.socket, door: "Door") -> None:
    """As Docker's port proxy does while nothing listens behind it."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _mid_request(client: socket.socket, door: "Door") -> None:
    """What is left unread makes the end of the connection a reset."""
    client.recv(1 + door.number % 8)


def _half(client: socket.socket, door: "Door") -> None:
    """The beginning of the program's own reply, each time another one."""
    here, there = socket.socketpair()
    with here, there:
        threading.Thread(target=_quietly, args=(door.real, there), daemon=True).start()
        relay(client, here, most=1 + door.number * 977 % (door.whole - 1))
        # The program behind the door ends its side too, or it would run out of connections.
        here.shutdown(socket.SHUT_RDWR)


def _silent(client: socket.socket, door: "Door") -> None:
    time.sleep(door.held)


KINDS: Mapping[str, Callable[[socket.socket, "Door"], None]] = {
    "reset": _reset,
    "mid-request": _mid_request,
    "half": _half,
    "silent": _silent,
}
"""What goes wrong at a door."""

each_kind = pytest.mark.parametrize("kind", KINDS)


class Door:
    """Listens at once, fails the first connections in its way, then is the real thing.

    The real thing is a function that serves a connection, or another socket's address.
    """

    def __init__(
        self,
        kind: str,
        real: Handler | str | tuple[str, int],
        *,
        path: Path | None = None,
        number: int = 0,
        whole: int = 1500,
        faults: float = FAULTS,
        held: float = HELD,
    ) -> None:
        self._kind = kind
        self.real = real if callable(real) else _to(real)
        self.number = number
        """Which of many tries: where a reply is cut depends on it."""
        self.whole = whole
        """Bytes of a whole reply."""
        self.held = held
        """Seconds that it keeps a connection where it is a silent one."""
        self._left = faults
        self._listening = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self._listening.bind(str(path) if path else ("127.0.0.1", 0))
        if path:
            path.chmod(0o777)
        self._listening.listen(64)
        self.port: int = 0 if path else self._listening.getsockname()[1]
        self.failed = 0
        """So many connections went wrong here."""

    def __enter__(self) -> "Door":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # A thread that is blocked in accept() keeps a socket that is only closed.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._meet, args=(client,), daemon=True).start()

    def _meet(self, client: socket.socket) -> None:
        with client:
            faulty = self._left > 0
            if faulty:
                self._left -= 1
                self.failed += 1
                self.number += 1
            with contextlib.suppress(OSError):
                KINDS[self._kind](client, self) if faulty else self.real(client)
            if not faulty or self._kind != "reset":
                # A thread that still reads from it would keep it open.
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)


def every_try(one: Callable[[int], None]) -> None:
    """Holds so many tries against a door, some of them at once; all have to succeed."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(one, range(TRIES)):
            pass


def replies(answer: bytes) -> Handler:
    """A program that reads a request over HTTP and gives one answer."""

    def serve(client: socket.socket) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            if not (piece := client.recv(4096)):
                return
            asked += piece
        client.sendall(answer)

    return serve


def _to(address: str | tuple[str, int]) -> Handler:
    """The program that listens at an address."""

    def serve(client: socket.socket) -> None:
        with socket.socket(
            socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        ) as server:
            server.connect(address)
            relay(client, server)

    return serve


def relay(client: socket.socket, server: socket.socket, most: float = float("inf")) -> None:
    """What each says to the other, until one ends, or the server has said so much."""
    threading.Thread(target=_quietly, args=(_pass_on, client, server), daemon=True).start()
    while most > 0 and (piece := server.recv(int(min(65536, most)))):
        client.sendall(piece)
        most -= len(piece)
    if most > 0:
        client.shutdown(socket.SHUT_WR)


def _pass_on(holder: socket.socket, taker: socket.socket) -> None:
    try:
        while piece := holder.recv(65536):
            taker.sendall(piece)
    finally:
        taker.shutdown(socket.SHUT_WR)


def _quietly(act: Callable[..., None], *words: object) -> None:
    with contextlib.suppress(OSError):
        act(*words)
