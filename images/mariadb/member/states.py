"""What a member says about itself, and what its data folder tells about its data."""

import json
import re
from dataclasses import asdict, dataclass
from typing import Literal

Phase = Literal["waiting", "starting", "primary", "apart"]
"""No server runs; it has started; it is in the primary component; it runs, but outside of it."""
Data = Literal["empty", "whole", "broken"]
"""Never part of a cluster; a history up to a known place; a history that cannot be read."""

NOBODY = "00000000-0000-0000-0000-000000000000"
"""The history of data that never was in a cluster."""
_RECOVERED = re.compile(r"Recovered position:?\s*([0-9a-f-]{36}):(-?\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """How far the data goes: which history, and its last transaction."""

    uuid: str = NOBODY
    seqno: int = -1

    @property
    def known(self) -> bool:
        """Whether a server can take up from here."""
        return self.uuid != NOBODY and self.seqno >= 0

    def __str__(self) -> str:
        return f"{self.uuid}:{self.seqno}"


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A member, as the others hear it."""

    cluster: str
    name: str
    phase: Phase
    data: Data
    position: Position

    def line(self) -> str:
        """For the wire."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, line: str) -> "State":
        """From the wire; ValueError where it is no state."""
        try:
            fields = json.loads(line)
            position = Position(**fields.pop("position"))
            return cls(position=position, **fields)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"no state: {line[:80]!r}") from error


def saved(grastate: str) -> Position:
    """The position in grastate.dat: whole after a clean stop, seqno -1 after any other."""
    fields = dict(line.split(":", 1) for line in grastate.splitlines() if ":" in line)
    try:
        return Position(uuid=fields["uuid"].strip(), seqno=int(fields["seqno"]))
    except (KeyError, ValueError):
        # A power cut can leave the file empty; the tables know too.
        return Position()


def recovered(log: str) -> Position | None:
    """The position that `mariadbd --wsrep-recover` found in the tables; None where it could not."""
    found = _RECOVERED.findall(log)
    return Position(uuid=found[-1][0], seqno=int(found[-1][1])) if found else None


def bootstrappable(grastate: str) -> str:
    """grastate.dat of the member that all agreed on: the server asks for this line."""
    return re.sub(r"safe_to_bootstrap:\s*0", "safe_to_bootstrap: 1", grastate)
