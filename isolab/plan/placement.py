"""Which guest runs which replica."""

from collections.abc import Mapping
from dataclasses import dataclass

from isolab.model import Lab

EVERYTHING = "*"
"""Stands in a placement for all services that it does not name."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Place:
    """One guest that there will be."""

    group: str
    number: int

    @property
    def name(self) -> str:
        """app-1, app-2, …"""
        return f"{self.group}-{self.number}"


def guests(lab: Lab) -> tuple[Place, ...]:
    """All guests. Their order does not depend on the file's, so that reordering changes nothing."""
    return tuple(
        sorted(
            Place(group=group.name, number=number)
            for group in lab.guests
            for number in range(1, group.count + 1)
        )
    )


def places(lab: Lab, service: str) -> tuple[Place, ...]:
    """The guests that may run a service."""
    targets = lab.placement.get(service, lab.placement.get(EVERYTHING))
    return tuple(
        place
        for place in guests(lab)
        if targets is None or place.group in targets or place.name in targets
    )


def place(lab: Lab) -> Mapping[tuple[str, int], Place]:
    """Each replica's guest: the replicas of a service go round the guests of its placement."""
    return {
        (service.name, replica): where[(replica - 1) % len(where)]
        for service in lab.services
        for where in [places(lab, service.name)]
        for replica in range(1, service.replicas + 1)
        if where
    }
