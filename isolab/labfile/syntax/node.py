"""A YAML value that knows where it stands and what it may refer to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Literal, NoReturn, TypeVar

from isolab.model import Path, Position, Problem

T = TypeVar("T")
Scalar = str | int | float | bool | None


class Broken:
    """Stands for a value that is already known to be wrong: whoever reads it says nothing more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What the words of a file mean: where its relative paths start, which variables it sees."""

    folder: FilePath
    """As whoever named the file said it."""
    variables: Mapping[str, str] = field(repr=False)
    unset_is_empty: bool = False
    """Whether a variable that is not set is an empty text, as in Compose, and told."""

    def path(self, word: str) -> FilePath:
        """A path as the file writes it: relative to the file's folder, ~ is the user's home."""
        if word == "~" or word.startswith("~/"):
            return FilePath(self.variables.get("HOME", "/")) / word[2:]
        return self.folder / word


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One value of the file, with anchors, merges and variables resolved."""

    path: Path
    position: Position
    origin: Origin
    value: "Scalar | Broken | tuple[Node, ...] | Mapping[str, Node]"
    merging: Literal["", "reset", "override"] = ""
    """What it does to a value that it is laid over: takes it away, or takes its place."""

    def holding(self, value: "Scalar | Broken | tuple[Node, ...] | Mapping[str, Node]") -> "Node":
        """Another value in the same place."""
        return replace(self, value=value)

    def seeing(self, variables: Mapping[str, str]) -> "Node":
        """The same value, which may use further variables; those that it has already win."""
        return replace(
            self,
            origin=replace(self.origin, variables={**variables, **self.origin.variables}),
        )

    def problem(self, message: str, hint: str = "") -> Problem:
        """What is wrong with this value."""
        return Problem(position=self.position, path=dotted(self.path), message=message, hint=hint)

    def refuse(self, message: str, hint: str = "") -> NoReturn:
        """Give up on this value; whoever reads it goes on with the next one."""
        raise Invalid((self.problem(message, hint),))

    @property
    def shown(self) -> str:
        """The value as a reader of the file would call it."""
        match self.value:
            case None:
                return "nothing"
            case bool():
                return "true" if self.value else "false"
            case str():
                return repr(self.value) if len(self.value) <= 60 else f"{self.value[:57]!r}…"
            case int() | float():
                return str(self.value)
            case tuple():
                return "a list"
            case _:
                return "a mapping"

    def items(self) -> tuple["Node", ...]:
        """The items of a list."""
        if not isinstance(self.value, tuple):
            self.refuse(f"{self.shown} given, expected a list")
        return self.value

    def mapping(self) -> "Mapping[str, Node]":
        """The entries of a mapping; nothing at all counts as an empty one."""
        if self.value is None:
            return {}
        if not isinstance(self.value, Mapping):
            self.refuse(f"{self.shown} given, expected a mapping")
        return self.value


class Invalid(Exception):
    """A value that cannot be read, with all that is wrong in it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


Reader = Callable[[Node], T]
"""Makes something of a node, or raises Invalid."""
Report = Callable[[tuple[Problem, ...]], None]
"""Takes what is wrong, where the rest can go on without."""


def dotted(path: Path) -> str:
    """The path as a reader says it: services.web.ports[0]."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint at the nearest known word, if one is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""
