"""Units of the lab, as types."""

from typing import NewType

MiB = NewType("MiB", int)
"""Memory or disk, in mebibytes (2**20 bytes)."""

Seconds = NewType("Seconds", float)
"""A duration."""
