"""Remembers what is being made, so that what a killed engine never heard of is found again."""

import hashlib
import os
from pathlib import Path


class Journal:
    """A mark for each creation; it stays only where plugin or engine ended by force.

    The engine asks for a creation only when it knows of no such resource. A mark found then says
    that what bears the resource's name was made by the same stack, and not by anybody else.
    """

    def __init__(self, folder: Path | None = None) -> None:
        home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
        backend = os.environ.get("PULUMI_BACKEND_URL", "")
        key = hashlib.sha256(backend.encode()).hexdigest()[:16]
        self._folder = folder or home / "isolab-unfinished" / key
        self._own: set[str] = set()

    def mark(self, urn: str) -> None:
        """From now on there may be something of this resource."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file(urn).write_text(urn)
        self._own.add(urn)

    def holds(self, urn: str) -> bool:
        """Whether a creation was cut off."""
        return self._file(urn).exists()

    def clear(self, urn: str) -> None:
        """The engine knows, or there is nothing."""
        self._own.discard(urn)
        self._file(urn).unlink(missing_ok=True)

    def keep(self, urn: str) -> None:
        """Nobody knows whether there is something: an orderly end does not change that."""
        self._own.discard(urn)

    def close(self) -> None:
        """An orderly end: the engine has written down all that it was told."""
        for urn in tuple(self._own):
            self.clear(urn)

    def _file(self, urn: str) -> Path:
        return self._folder / hashlib.sha256(urn.encode()).hexdigest()[:32]
