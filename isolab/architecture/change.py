"""One change of a lab by layer, and what follows from it on other layers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Layer = Literal["host", "guest", "service"]
Kind = Literal["create", "update", "replace", "delete"]
Data = Literal["kept", "lost", "none"]
KINDS: tuple[Kind, ...] = ("create", "update", "replace", "delete")


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """What a change does to something that it does not change itself."""

    layer: Literal["guest", "service", "container"]
    name: str
    effect: Literal["restart", "recreate", "unavailable", "none"]
    data: Data
    """What becomes of its volumes; none where it has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What the edit changes: the host, one guest, or one service with all its replicas."""

    layer: Layer
    name: str
    change: Kind
    reasons: tuple[str, ...]
    """Each as what changed, from what, to what: memory 1024 MiB -> 2048 MiB."""
    effects: tuple[Effect, ...] = ()


def summary(changes: Iterable[Change]) -> Mapping[Kind, int]:
    """How many changes of each kind."""
    counts = Counter(change.change for change in changes)
    return {kind: counts[kind] for kind in KINDS}
