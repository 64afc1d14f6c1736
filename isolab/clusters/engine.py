"""What the plan asks of a cluster engine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """One member among all members of a cluster."""

    cluster: str
    name: str
    members: Mapping[str, str]
    """Container to the address of its guest, in the order of the replicas; this member included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """How replicas of one kind of database become a cluster."""

    name: str
    """As in the lab file."""
    ports: tuple[int, ...]
    """TCP ports through which members reach each other, and nobody else has to reach them."""
    data: str
    """Path in the container that has to outlive it."""
    least: int
    """Members below which the loss of one stops the others."""
    environment: Callable[[Membership], Mapping[str, str]]
    """What a member's container is told."""
