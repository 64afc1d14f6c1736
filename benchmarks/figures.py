"""What a benchmark measured, beside what it is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One figure."""

    what: str
    value: float
    unit: str
    against: float | None
    """The figure of what it is compared with, where that does the same."""
    ratio: float | None
    spread: float | None = None
    """Between the lowest and the highest of several runs, whose median the value is."""
    against_spread: float | None = None


def row(
    what: str,
    value: float,
    unit: str,
    against: float | None = None,
    spreads: Sequence[float] = (),
) -> Row:
    """A figure with its ratio to another one; the spreads are of both."""
    spread, against_spread = (*(round(each, 2) for each in spreads), None, None)[:2]
    return Row(
        what=what,
        value=round(value, 2),
        unit=unit,
        against=against and round(against, 2),
        ratio=against and round(value / against, 2),
        spread=spread,
        against_spread=against_spread,
    )
