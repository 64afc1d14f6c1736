"""What a fault is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from benchmarks.campaign.lab import Lab, Running

Begins = Literal["absent", "standing", "retained"]
"""There is nothing of the lab; it stands; or it is down and its data disk is retained."""
DOWN = ("down", "--keep-data", "--yes", "faults")
UP = ("up", "--yes", "faults")
REMOVE = ("down", "--yes", "faults")
STATUS = ("status", "faults")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that happens to a command."""

    name: str
    """For --only."""
    what: str
    """As the table says it."""
    act: Callable[[Lab, Running], None]
    words: tuple[str, ...] = UP
    """The command that it happens to."""
    begins: Begins = "standing"
    spread: bool = False
    """Whether it is repeated at points over the whole time of the command; else it happens once,
    in the middle."""
    first: Callable[[Lab], None] | None = None
    """What happens before the command starts, in the place of `act`."""
    terminal: bool = False
    """Whether the command runs on a terminal."""
    beside: tuple[str, ...] = ()
    """Another command, started at the same time."""
    up_next: bool = False
    """Whether an up follows a disturbed down at once; else a second down comes between them."""
    refused: bool = False
    """Whether the command can only refuse."""

    @property
    def needs_boot(self) -> bool:
        """Whether the guest has to boot once more behind it."""
        down = DOWN in (self.words, self.beside) and not self.refused
        return down or self.begins == "retained" or self.name.startswith("guest-")
