"""How a command ends when it cannot do what it was asked."""

DONE = 0
FAILED = 1
"""It failed, or something is down."""
BAD_INPUT = 2
"""Nothing was touched."""
UNABLE = 3
"""This machine can't, or the question could not be asked."""
INTERRUPTED = 130


class Failure(Exception):
    """Ends a command with one clear message instead of a trace.

    Args:
        exit_code: One of this module's codes.
        message: What happened, and where.
        hint: What to do about it, where there is something to say.
    """

    def __init__(self, exit_code: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message
