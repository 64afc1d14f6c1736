"""How long things took on this machine: recorded at each up, read where changes are told.

They lie in the cache, since they belong to the machine and not to a stack, apart for KVM and TCG.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from machine import paths

RECENT = 9
"""Runs of one thing that are remembered; older ones say little about the machine of today."""


def read(*, kvm: bool) -> Mapping[str, Sequence[float]]:
    """What was done to what, and the seconds it took each time, the latest last."""
    try:
        raw: object = json.loads(_file(kvm=kvm).read_text())
    except (OSError, ValueError):
        return {}
    return raw if isinstance(raw, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def keep(found: Iterable[tuple[str, float]], *, kvm: bool) -> None:
    """Remember what an up took."""
    known = {what: list(seconds) for what, seconds in read(kvm=kvm).items()}
    for what, seconds in found:
        known[what] = [*known.get(what, []), round(seconds, 2)][-RECENT:]
    file = _file(kvm=kvm)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    partial.write_text(json.dumps(known, indent=1, sort_keys=True))
    partial.rename(file)


def _file(*, kvm: bool) -> Path:
    return paths.cache() / f"durations-{'kvm' if kvm else 'tcg'}.json"
