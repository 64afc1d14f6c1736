"""Durations as Go writes them."""

from airgap.framework import Failure

NANO = 10**9
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
            raise Failure(f"{duration!r} is not a duration: expected one such as 1m30s")
        total, number, rest = total + float(number) * _UNITS[unit], "", rest[len(unit) :]
    return round(total)


def written(nanoseconds: int) -> str:
    """A duration as Go writes it: 1m30s, 2.5s, 500ms, 1h0m0s, 0s."""
    if nanoseconds < NANO:
        for unit in ("ms", "us", "ns"):
            if nanoseconds >= _UNITS[unit]:
                return _fraction(nanoseconds, _UNITS[unit]) + unit.replace("us", "µs")
        return "0s"
    minutes, rest = divmod(nanoseconds, _UNITS["m"])
    hours, minutes = divmod(minutes, 60)
    before = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{before}{_fraction(rest, NANO)}s"


def _fraction(number: int, unit: int) -> str:
    whole, rest = divmod(number, unit)
    digits = str(rest).zfill(len(str(unit)) - 1).rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)
