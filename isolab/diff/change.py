"""One change of a lab by layer, and what follows from it on other layers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Layer = Literal["host", "guest", "service"]
Kind = Literal["create", "update", "replace", "delete"]
EffectKind = Literal["restart", "recreate", "degraded", "unavailable", "none"]
Data = Literal["lost", "copied", "kept", "none"]
KINDS: tuple[Kind, ...] = ("create", "update", "replace", "delete")
DATA: tuple[Data, ...] = ("lost", "copied", "kept", "none")
"""What becomes of data, the worst first."""
_RETAINED: Mapping[Data, str] = {"kept": "retained", "none": ""}


def data_words(data: Data) -> str:
    """What becomes of data, for people; empty for none. JSON has the value itself."""
    return _RETAINED.get(data, data)


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """What a change does to something that it does not change itself."""

    layer: Literal["guest", "service", "container"]
    name: str
    effect: EffectKind
    data: Data = "none"
    """What becomes of its volumes; none where it has none."""
    because: str = ""
    """Why, in the words of the rule that says so."""
    left: int | None = None
    """How many replicas of a service, or backends of a balancer, go on meanwhile."""
    of: int | None = None
    """How many there are."""
    seconds: float | None = None
    """How long it is away, as far as this machine has measured it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """A volume, or a copy of a bind mount, whose data the lab has no more."""

    guest: str
    volume: str
    """Empty where it is a copy, or a data disk of which nobody knows the volumes."""
    containers: tuple[str, ...]
    """Those that wrote to it."""
    because: str
    copy: str = ""
    """Where on the guest a container's own copy of a bind mount lies; empty for all else."""
    source: str = ""
    """What it is a copy of, and where the container has it."""

    @property
    def what(self) -> str:
        """Which volume or copy, and where."""
        if self.copy:
            return f"copy of {self.source} in {', '.join(self.containers)} on {self.guest}"
        return f"volume {self.volume} on {self.guest}" if self.volume else f"disk {self.guest}-data"

    @property
    def words(self) -> str:
        """Which volume, where, whose."""
        writers = self.containers if not self.copy else ()
        return f"{self.what}{', written by ' if writers else ''}{', '.join(writers)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What the edit changes: the host, one guest, or one service with all its replicas."""

    layer: Layer
    name: str
    change: Kind
    reasons: tuple[str, ...]
    """Each as what changed, from what, to what: memory 1024 MiB -> 2048 MiB."""
    effects: tuple[Effect, ...] = ()
    data: Data = "none"
    """The worst that becomes of a volume."""
    lost: tuple[Loss, ...] = ()
    order: tuple[str, ...] = ()
    """What happens, one thing after another."""
    seconds: float | None = None
    """How long it takes, as far as this machine has measured it."""


def summary(changes: Iterable[Change]) -> Mapping[Kind, int]:
    """How many changes of each kind."""
    counts = Counter(change.change for change in changes)
    return {kind: counts[kind] for kind in KINDS}


def worst(data: Iterable[Data]) -> Data:
    """The worst of what becomes of several volumes."""
    found: Data = "none"
    for each in data:
        found = each if DATA.index(each) < DATA.index(found) else found
    return found


def losses(changes: Iterable[Change]) -> tuple[Loss, ...]:
    """All volumes whose data is lost, each once."""
    return tuple(dict.fromkeys(loss for change in changes for loss in change.lost))
