"""Where this process runs: which replica, on which guest, in which container."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The layers around the process that answers."""

    replica: str
    guest: str
    container: str
    """Its hostname."""

    @classmethod
    def read(cls, environment: Mapping[str, str], hostname: str) -> "Place":
        """As the lab says in the environment; a dash where it says nothing."""
        return cls(
            replica=environment.get("ISOLAB_REPLICA") or "-",
            guest=environment.get("ISOLAB_GUEST") or "-",
            container=hostname,
        )

    def __str__(self) -> str:
        return f"{self.replica} on {self.guest}"
