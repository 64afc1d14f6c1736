"""What a member is told in its environment."""

from collections.abc import Mapping
from dataclasses import dataclass


class Wrong(Exception):
    """A setting is missing or makes no sense."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """This member, and all members of its cluster."""

    cluster: str
    name: str
    members: Mapping[str, str]
    """Name to address, in the order that decides between equals; this member is one of them."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """GALERA_CLUSTER, GALERA_NAME and GALERA_MEMBERS (NAME=ADDRESS, with commas between)."""
        try:
            pairs = environment["GALERA_MEMBERS"].split(",")
            members = {n.strip(): a.strip() for n, a in (pair.split("=", 1) for pair in pairs)}
            made = cls(
                cluster=environment["GALERA_CLUSTER"],
                name=environment["GALERA_NAME"],
                members=members,
            )
        except KeyError as error:
            raise Wrong(f"{error.args[0]} is not set") from error
        except ValueError as error:
            raise Wrong("GALERA_MEMBERS: expected NAME=ADDRESS,NAME=ADDRESS,…") from error
        if made.name not in members:
            raise Wrong(f"GALERA_NAME {made.name} is not in GALERA_MEMBERS")
        return made

    @property
    def others(self) -> Mapping[str, str]:
        """The other members' addresses."""
        return {name: self.members[name] for name in self.members if name != self.name}
