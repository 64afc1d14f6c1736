"""A stack's configuration file, as far as isolab reads it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from machine import paths
from machine.host import scratch

STACKS = paths.REPO / "stacks"


@dataclass(frozen=True, kw_only=True, slots=True)
class StackConfig:
    """What stacks/Pulumi.STACK.yaml says."""

    lab: str | None = None
    cidr: str | None = None
    backend: str | None = None
    """The one that has the stack's state; None in a configuration from before it was recorded."""
    seeded: bool = False
    """Whether the stack has its secret seed."""


def file(stack: str) -> Path:
    """The stack's configuration file."""
    return STACKS / f"Pulumi.{stack}.yaml"


def read(stack: str) -> StackConfig | None:
    """The stack's configuration; None where it has none."""
    return _parse(file(stack)) if file(stack).exists() else None


def stacks() -> tuple[str, ...]:
    """The stacks that have a configuration here, up or not."""
    files = sorted(STACKS.glob("Pulumi.*.yaml"))
    return tuple(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in files)


def reserved(but: str) -> Iterator[str]:
    """The subnets that other stacks have, up or not."""
    for other in sorted(STACKS.glob("Pulumi.*.yaml")):
        if other != file(but):
            cidr = _parse(other).cidr
            if cidr:
                yield cidr


@contextmanager
def with_lab(stack: str, lab: str) -> Iterator[Path]:
    """A copy of the stack's configuration that names another lab; gone at the end."""
    content: dict[str, Any] = yaml.safe_load(file(stack).read_text()) or {}
    content["config"] = {**(content.get("config") or {}), "isolab:lab": lab}
    with scratch.folder() as folder:
        copy = folder.path / file(stack).name
        copy.write_text(yaml.safe_dump(content))
        yield copy


def _parse(path: Path) -> StackConfig:
    content: Any = yaml.safe_load(path.read_text()) or {}
    values: dict[str, Any] = content.get("config") or {}
    return StackConfig(
        lab=values.get("isolab:lab"),
        cidr=values.get("isolab:cidr"),
        backend=values.get("isolab:backend"),
        seeded="isolab:seed" in values,
    )
