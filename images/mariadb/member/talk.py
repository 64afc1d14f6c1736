"""How members hear each other: who connects gets one line, the member's state."""

import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from member.states import State

PORT = 4569
"""Beside Galera's own 4567 and 4568."""
TIMEOUT = 4.0
"""Seconds for one member's answer."""
LONGEST = 1024


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def serve(state: Callable[[], State]) -> None:
    """Answers from now on, in a thread of its own."""

    class Answer(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.sendall(f"{state().line()}\n".encode())

    server = _Server(("", PORT), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def ask_all(others: Mapping[str, str], cluster: str) -> dict[str, State]:
    """The others' states, by name, of those that answer. `others` is name to address."""
    if not others:
        return {}
    with ThreadPoolExecutor(len(others)) as pool:
        states = list(pool.map(lambda name: _ask(name, others[name], cluster), others))
    return {state.name: state for state in states if state is not None}


def _ask(name: str, address: str, cluster: str) -> State | None:
    try:
        with socket.create_connection((address, PORT), TIMEOUT) as connection:
            line = connection.makefile().readline(LONGEST)
        state = State.parse(line)
    except (OSError, ValueError):
        return None
    # An address may have gone to somebody else's lab.
    return state if (state.cluster, state.name) == (cluster, name) else None
