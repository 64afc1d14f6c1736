"""When an operation has to stop: the user wants everything to end, or its time is over."""

import threading
import time


class Ending:
    """The end of one operation, waited for like an event."""

    def __init__(self, cancelled: threading.Event, timeout: float = 0) -> None:
        """`cancelled` is everybody's; `timeout` is in seconds, 0 for as long as it takes."""
        self._cancelled = cancelled
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout if timeout else None

    @property
    def reason(self) -> str:
        """How it ended, as the beginning of a sentence: «cancelled», «timed out after 5 s»."""
        if self._cancelled.is_set() or not self._timeout:
            return "cancelled"
        return f"timed out after {self._timeout:g} s"

    def is_set(self) -> bool:
        """Whether it is time to stop."""
        return self._cancelled.is_set() or self._left(1) <= 0

    def wait(self, seconds: float) -> bool:
        """Waits so long, or until it is time to stop; whether it is."""
        self._cancelled.wait(max(self._left(seconds), 0))
        return self.is_set()

    def _left(self, most: float) -> float:
        return most if self._deadline is None else min(most, self._deadline - time.monotonic())
