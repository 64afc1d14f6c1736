"""What a benchmark measured, beside what it is compared with."""

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


def row(what: str, value: float, unit: str, against: float | None = None) -> Row:
    """A figure with its ratio to another one."""
    return Row(
        what=what,
        value=round(value, 2),
        unit=unit,
        against=against and round(against, 2),
        ratio=against and round(value / against, 2),
    )
