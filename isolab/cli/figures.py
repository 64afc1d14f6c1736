"""What a benchmark measured, beside what it is compared with."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One figure."""

    what: str
    value: float
    unit: str
    against: float | None
    """The plain way's figure, where there is one that does the same."""
    ratio: float | None


def row(what: str, value: float, unit: str, plain: float | None = None) -> Row:
    """A figure with its ratio to the plain way's."""
    return Row(
        what=what,
        value=round(value, 2),
        unit=unit,
        against=plain and round(plain, 2),
        ratio=plain and round(value / plain, 2),
    )
