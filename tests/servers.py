"""Web servers of this process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server's address, on a port of its own, until its test ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        # The end of a server waits for its next look, which comes each half second otherwise.
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
