"""One way to run a command anywhere, as the core sees it: what asks need not know how."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Unreachable(Exception):
    """The question could not be asked; that says nothing about the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a command said."""

    stdout: str
    stderr: str
    code: int
    duration: float
    """Seconds."""

    @property
    def ok(self) -> bool:
        """Whether the command says that it succeeded."""
        return self.code == 0


class Transport(Protocol):
    """A place where commands run."""

    def argv(self, command: Sequence[str], *, terminal: bool = False) -> list[str]:
        """The host's command line that runs the command there."""
        ...

    def run(self, command: Sequence[str], input: str = "", timeout: float = 30) -> Result:
        """Run it to its end; Unreachable where that place does not answer."""
        ...
