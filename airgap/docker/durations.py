"""Durations as Go writes them."""

from airgap.docker.container_state import NANO
from airgap.framework import Failure

_UNITS = {"h": 3600 * NANO, "m": 60 * NANO, "s": NANO, "ms": NANO // 1000, "us": 1000, "ns": 1}


def nanoseconds(duration: str | None) -> int | None:
    """Go's spelling of a duration: 1m30s, 2.5s, 500ms."""
    if not duration:
        return None
    total, number, rest = 0.0, "", duration
    while rest:
        if rest[0].isdigit() or rest[0] == ".":
            number, rest = number + rest[0], rest[1:]
            continue
        unit = next((u for u in ("ms", "us", "ns", "h", "m", "s") if rest.startswith(u)), None)
        if unit is None or not number:
            raise Failure(f"{duration!r} is no duration: expected one like 1m30s")
        total, number, rest = total + float(number) * _UNITS[unit], "", rest[len(unit) :]
    return round(total)
