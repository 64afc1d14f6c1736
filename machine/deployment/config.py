"""A stack's configuration file, as far as isolab reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from machine import paths

STACKS = paths.REPO / "stacks"


@dataclass(frozen=True, kw_only=True, slots=True)
class StackConfig:
    """What stacks/Pulumi.STACK.yaml says."""

    lab: str | None = None
    cidr: str | None = None
    seeded: bool = False
    """Whether the stack has its secret seed."""


def file(stack: str) -> Path:
    """The stack's configuration file."""
    return STACKS / f"Pulumi.{stack}.yaml"


def read(stack: str) -> StackConfig | None:
    """The stack's configuration; None where it has none."""
    return _parse(file(stack)) if file(stack).exists() else None


def reserved(but: str) -> Iterator[str]:
    """The subnets that other stacks have, up or not."""
    for other in sorted(STACKS.glob("Pulumi.*.yaml")):
        if other != file(but):
            cidr = _parse(other).cidr
            if cidr:
                yield cidr


def _parse(path: Path) -> StackConfig:
    content: Any = yaml.safe_load(path.read_text()) or {}
    values: dict[str, Any] = content.get("config") or {}
    return StackConfig(
        lab=values.get("isolab:lab"),
        cidr=values.get("isolab:cidr"),
        seeded="isolab:seed" in values,
    )
