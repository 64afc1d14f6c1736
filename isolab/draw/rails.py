"""Networks below a row of containers: a rail for each, and stubs down to it."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from isolab.draw.drawing import Box, Line

Place = TypeVar("Place", int, float)


def stubs_by_network(
    starts: Mapping[str, Place],
    networks: Sequence[Box],
    lines: Sequence[Line],
    first: Place,
    apart: Place,
) -> list[tuple[Box, list[Place]]]:
    """Networks with the places of their stubs, the busiest first: it crosses the fewest.

    Args:
        starts: Where each container of the row begins, by its id.
        networks: Those that containers may be attached to.
        lines: Of the drawing; they say who is attached to what.
        first: How far from its beginning a container's first stub is.
        apart: How far apart its stubs are.
    """
    on: dict[str, list[str]] = {network.id: [] for network in networks}
    for line in lines:
        if line.kind == "attached" and line.source in starts and line.target in on:
            on[line.target].append(line.source)
    ordered = sorted((n for n in networks if on[n.id]), key=lambda n: (-len(on[n.id]), n.name))
    stubs: dict[str, list[Place]] = {network.id: [] for network in ordered}
    for box, start in starts.items():
        mine = [network for network in reversed(ordered) if box in on[network.id]]
        for index, network in enumerate(mine):
            stubs[network.id].append(start + first + apart * index)
    return [(network, stubs[network.id]) for network in ordered]
