"""A terminal's websocket: output goes out as it comes, what is typed comes in."""

import asyncio
from contextlib import suppress

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from webapp.terminal import Terminal
from webapp.terminals import Terminals

ENDED = 4000
"""The close code where the shell has ended."""
GONE = 4004
"""The close code where there is no such terminal."""


class _Size(msgspec.Struct):
    """That of a window, in characters."""

    rows: int
    columns: int


async def connect(socket: WebSocket, terminals: Terminals) -> None:
    """Connect a page with a terminal until one of them ends."""
    await socket.accept()
    terminal = terminals.find(socket.path_params["id"])
    if terminal is None:
        await socket.close(GONE)
        return
    ways = [asyncio.ensure_future(way(socket, terminal)) for way in (_out, _in)]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    if terminal.ended:
        with suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(ENDED)


async def _out(socket: WebSocket, terminal: Terminal) -> None:
    output = terminal.output()
    try:
        async for piece in output:
            await socket.send_bytes(piece)
    finally:
        await output.aclose()


async def _in(socket: WebSocket, terminal: Terminal) -> None:
    """Bytes are typed; text is the window's size, or an error, which closes the connection."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("bytes"):
            await terminal.write(message["bytes"])
        elif message.get("text"):
            size = msgspec.json.decode(message["text"], type=_Size)
            if not terminal.ended:
                terminal.resize(size.rows, size.columns)
