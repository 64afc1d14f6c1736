"""The server: on the loopback address alone."""

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
LARGEST = 64 * 1024
"""Bytes of a message that a page sends at once."""
GRACE = 2
"""Seconds that connections have to end when the server does."""


class PortTaken(Exception):
    """Another program listens there."""


def listening(port: int) -> socket.socket:
    """A socket on a port of the loopback address; any that is free for 0.

    Raises:
        PortTaken: It could not be had; the text says why.
    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((LOOPBACK, port))
    except OSError as error:
        opened.close()
        raise PortTaken(f"port {port} of {LOOPBACK}: {error.strerror}") from error
    return opened


def server(app: ASGIApp) -> uvicorn.Server:
    """The server that answers with the application; its log has no addresses, so no token."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_level="warning",
            lifespan="on",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE,
            ws_max_size=LARGEST,
        )
    )


def serve(app: ASGIApp, opened: socket.socket, ready: Callable[[], None]) -> None:
    """Answer until the process is interrupted."""
    running = server(app)

    async def run() -> None:
        serving = asyncio.create_task(running.serve(sockets=[opened]))
        while not running.started and not serving.done():
            await asyncio.sleep(0.02)
        if running.started:
            ready()
        await serving

    asyncio.run(run())
