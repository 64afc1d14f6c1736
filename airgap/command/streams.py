"""Output that is collected and told line by line at once."""

from collections.abc import Callable


class Lines:
    """Collects what arrives in pieces and tells each line as soon as it is whole."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._open = b""
        self._all: list[bytes] = []

    def add(self, piece: bytes) -> None:
        """Takes the next piece."""
        self._all.append(piece)
        *whole, self._open = (self._open + piece).split(b"\n")
        for line in whole:
            self._tell(line.decode(errors="replace"))

    def end(self) -> bytes:
        """All that came; what is left of the last line is told."""
        if self._open:
            self._tell(self._open.decode(errors="replace"))
            self._open = b""
        return b"".join(self._all)
