"""The open terminals: limited in number, and ended once no page looks at them."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.terminal import Terminal

MOST = 12
"""Terminals at once; each is a connection to a guest."""
UNSEEN = 60.0
"""Seconds that a page has to come back, after a reload or a lost connection."""
PAUSE = 1.0


class TooMany(Exception):
    """There are as many terminals as there may be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How many terminals, and how long without a page."""

    most: int = MOST
    unseen: float = UNSEEN


class Terminals:
    """All terminals of the server.

    Args:
        environment: The variables of what is run on them.
        limits: How many there may be.
    """

    def __init__(self, environment: Mapping[str, str], limits: Limits) -> None:
        self._environment = environment
        self._limits = limits
        self._open: dict[str, Terminal] = {}

    def open(self, argv: Sequence[str]) -> str:
        """Open one; its id, which nobody can guess."""
        if len(self._open) >= self._limits.most:
            raise TooMany
        id = secrets.token_urlsafe(16)
        self._open[id] = Terminal(argv, self._environment)
        return id

    def find(self, id: str) -> Terminal | None:
        """The one with this id; None where it is gone."""
        return self._open.get(id)

    async def end(self, id: str) -> None:
        """End one, where it is still there."""
        terminal = self._open.pop(id, None)
        if terminal is not None:
            await terminal.end()

    async def end_all(self) -> None:
        """End all."""
        await asyncio.gather(*(self.end(id) for id in tuple(self._open)))

    async def sweep(self) -> None:
        """End those that no page looks at any more, again and again."""
        while True:
            await asyncio.sleep(min(PAUSE, self._limits.unseen / 2))
            for id, terminal in tuple(self._open.items()):
                if terminal.finished or terminal.unseen > self._limits.unseen:
                    await self.end(id)
