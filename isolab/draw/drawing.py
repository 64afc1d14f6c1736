"""What is drawn: boxes in boxes and lines between them, the same for every format."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Say = Callable[[str], str]
"""From isolab's own words on a drawing to those of a language."""


def english(words: str) -> str:
    """The words as they are."""
    return words


Kind = Literal[
    "outside",
    "host",
    "lab network",
    "registry",
    "balancer",
    "guest",
    "container",
    "network",
    "internal",
    "disk",
    "volume",
]
"""internal is a network of services that has no way out."""
Action = Literal["added", "changed", "replaced", "removed"]
Damage = Literal["", "restart", "recreate", "degraded", "unavailable"]
Health = Literal["healthy", "down", "unknown"]
LineKind = Literal["attached", "mounted", "entry", "route", "link", "cluster", "leaves"]
"""attached: to a network; entry: from outside to a port; route: from a balancer to a replica;
link: across the lab network to another guest; leaves: outside, reached by NAT from inside."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """What a change does to a box."""

    action: Action | None = None
    """What the edit itself does to it; None where it only suffers from another change."""
    damage: Damage = ""
    """The worst that follows from changes elsewhere: the blast radius."""
    lost: bool = False
    """Whether its data is lost."""
    words: tuple[str, ...] = ()
    """Reasons and effects, one a line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What a box is like at this moment."""

    words: str
    """running, healthy."""
    health: Health


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A layer, or something on one."""

    id: str
    """Unique in the drawing: kind, then where, then name."""
    kind: Kind
    name: str
    """As the lab knows it."""
    service: str = ""
    """Of containers alone: the service that this is a replica of."""
    facts: tuple[str, ...] = ()
    """What stands on the box, one a line, the most important first."""
    details: tuple[tuple[str, str], ...] = ()
    """What is told on request: label and value."""
    boxes: tuple["Box", ...] = ()
    """What is inside."""
    likeness: str = ""
    """Boxes of one likeness beside each other are alike but for their names and addresses."""
    alike: tuple["Box", ...] = ()
    """Further boxes that this one stands for, where they are folded."""
    mark: Mark | None = None
    state: State | None = None
    focus: bool = False
    """Highlighted."""
    say: Say = field(default=english, compare=False)

    @property
    def title(self) -> str:
        """Its name, and its last one's where it stands for several."""
        return f"{self.name} … {self.alike[-1].name}" if self.alike else self.name

    @property
    def count(self) -> int:
        """How many boxes it stands for, itself among them."""
        return 1 + len(self.alike)

    def of(self, *kinds: Kind) -> tuple["Box", ...]:
        """What is directly inside, of these kinds."""
        return tuple(box for box in self.boxes if box.kind in kinds)

    def walk(self) -> Iterator["Box"]:
        """Itself and all that is drawn inside, from the outside in."""
        yield self
        for box in self.boxes:
            yield from box.walk()


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """How one box is tied to another."""

    source: str
    """A box's id."""
    target: str
    kind: LineKind
    label: str = ""
    action: Action | None = None
    """Lines come and go."""
    count: int = 1
    """How many lines it stands for, where boxes are folded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """A lab as a picture."""

    title: str
    description: str
    outside: Box
    """Beyond the machine: its facts are the addresses by which people reach services."""
    host: Box
    lines: tuple[Line, ...]
    changes: tuple[str, ...] = ()
    """What changes in all, one a line; empty where the drawing tells no change."""
    shows_changes: bool = False
    shows_states: bool = False
    say: Say = field(default=english, compare=False)

    def walk(self) -> Iterator[Box]:
        """All boxes that are drawn."""
        yield self.outside
        yield from self.host.walk()

    def numbers(self) -> Mapping[str, str]:
        """A short word for each box, fit for formats that ids with names could break."""
        return {box.id: f"b{number}" for number, box in enumerate(self.walk())}
