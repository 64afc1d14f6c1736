"""Units of the lab, as types."""

from typing import NewType

MiB = NewType("MiB", int)
"""Memory or disk, in mebibytes (2**20 bytes)."""

Seconds = NewType("Seconds", float)
"""A duration."""


def size_words(count: int) -> str:
    """A number of bytes for people: 12.5 MiB."""
    return f"{count / 2**20:.1f} MiB"
