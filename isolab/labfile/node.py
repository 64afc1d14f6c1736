"""A YAML value that knows where it stands, and how its problems are gathered."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import TracebackType
from typing import NoReturn, TypeVar, cast

from isolab.model import Path, Position, Problem

T = TypeVar("T")
Scalar = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One value of the file, with anchors, merges and variables resolved."""

    path: Path
    position: Position
    value: "Scalar | tuple[Node, ...] | Mapping[str, Node]"

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


class Gathering:
    """Goes on behind a broken value, and raises all that was wrong at its end."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def __enter__(self) -> "Gathering":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None and self._problems:
            raise Invalid(tuple(self._problems))

    def add(self, problem: Problem) -> None:
        """One thing more that is wrong."""
        self._problems.append(problem)

    def read(self, node: Node, reader: Reader[T]) -> T:
        """What the reader makes of the node. After a problem it is never used: the end raises."""
        try:
            return reader(node)
        except Invalid as invalid:
            self._problems.extend(invalid.problems)
            return cast(T, None)


class Fields(Gathering):
    """A mapping with known keys: each key read by its reader, every other refused by name."""

    def __init__(self, node: Node, known: Iterable[str], what: str) -> None:
        super().__init__()
        self._node = node
        self._fields = node.mapping()
        known = set(known)
        for key, value in self._fields.items():
            if key not in known and not key.startswith("x-"):
                hint = did_you_mean(key, known) or f"known here: {', '.join(sorted(known))}"
                self.add(value.problem(f"{what} has no key {key!r} that isolab supports", hint))

    def __enter__(self) -> "Fields":
        return self

    def __contains__(self, key: str) -> bool:
        return key in self._fields

    def get(self, key: str, reader: Reader[T], default: T) -> T:
        """The key's value, or the default where the file is silent."""
        node = self._fields.get(key)
        if node is None or (node.value is None and not isinstance(default, str)):
            return default
        return self.read(node, reader)

    def need(self, key: str, reader: Reader[T], example: str) -> T:
        """The value of a key that must be there."""
        if key not in self._fields:
            self.add(self._node.problem(f"{key} is missing", f"for example {key}: {example}"))
            return cast(T, None)
        return self.read(self._fields[key], reader)


def many(reader: Reader[T]) -> Reader[tuple[T, ...]]:
    """Reads a list, item by item."""

    def read(node: Node) -> tuple[T, ...]:
        with Gathering() as gathering:
            items = tuple(gathering.read(item, reader) for item in node.items())
        return items

    return read


def entries(reader: Callable[[str, Node], T]) -> Reader[tuple[T, ...]]:
    """Reads a mapping of named things, entry by entry."""

    def read(node: Node) -> tuple[T, ...]:
        with Gathering() as gathering:
            things = tuple(
                gathering.read(value, lambda value, name=name: reader(name, value))
                for name, value in node.mapping().items()
                if not name.startswith("x-")
            )
        return things

    return read
