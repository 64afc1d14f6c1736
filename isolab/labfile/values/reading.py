"""How readers go through lists and mappings, and gather what is wrong in them."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar, cast

from isolab.labfile.syntax.node import Broken, Invalid, Node, Reader, did_you_mean
from isolab.labfile.values.shape import (
    ANYTHING,
    Answer,
    Question,
    Shape,
    Shaped,
    describe,
    needing,
    or_nothing,
)
from isolab.model import Problem

T = TypeVar("T")
EXTENSION = "x-"
"""Compose's mark for keys that are the reader's own business."""


class Gathering:
    """Goes on behind a broken value, and raises all that was wrong at its end."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._broken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._end()

    def _end(self) -> None:
        if self._problems or self._broken:
            raise Invalid(tuple(self._problems))

    def add(self, problem: Problem) -> None:
        """One thing more that is wrong."""
        self._problems.append(problem)

    def read(self, node: Node, reader: Reader[T]) -> T:
        """What the reader makes of the node. After a problem it is never used: the end raises."""
        try:
            if isinstance(node.value, Broken):
                raise Invalid(())
            return reader(node)
        except Invalid as invalid:
            self._broken = True
            self._problems.extend(invalid.problems)
            return cast(T, None)


class Fields(Gathering):
    """A mapping with known keys: each key read by its reader, every other refused by name."""

    def __init__(
        self,
        node: Node,
        known: Mapping[str, str],
        what: str,
        outside: Mapping[str, str] | None = None,
    ) -> None:
        """Known keys come with what they say; keys outside with what to do instead."""
        super().__init__()
        self._node = node
        self._known = known
        self._what = what
        self._needs: list[tuple[str, tuple[str, ...]]] = []
        self._shapes: dict[str, Shape] | None = {} if isinstance(node.value, Question) else None
        self._fields: Mapping[str, Node] = {}
        if self._shapes is None:
            self._fields = node.mapping()
        for key, value in self._fields.items():
            if key not in known and not key.startswith(EXTENSION):
                hint = (outside or {}).get(key) or did_you_mean(key, known)
                hint = hint or f"known here: {', '.join(sorted(known))}"
                self.add(value.problem(f"{what} has no key {key!r} that isolab supports", hint))

    def _end(self) -> None:
        if self._shapes is not None:
            raise Answer(self._answer(self._shapes))
        super()._end()

    def __contains__(self, key: str) -> bool:
        return self._shapes is not None or key in self._fields

    def get(self, key: str, reader: Reader[T], default: T) -> T:
        """The key's value, or the default where the file is silent."""
        if self._shapes is not None:
            shape = describe(reader)
            self._shapes[key] = shape if isinstance(default, str) else or_nothing(shape)
            return default
        node = self._fields.get(key)
        if node is None or (node.value is None and not isinstance(default, str)):
            return default
        return self.read(node, reader)

    def need(self, key: str, reader: Reader[T], example: str) -> T:
        """The value of a key that must be there."""
        if self._shapes is not None:
            self._shapes[key] = describe(reader)
            self._needs.append(("anyOf", (key,)))
            return cast(T, None)
        if key not in self._fields:
            self.add(self._node.problem(f"{key} is missing", f"for example {key}: {example}"))
            return cast(T, None)
        return self.read(self._fields[key], reader)

    def some_of(self, *keys: str, example: str) -> None:
        """At least one of the keys must be there; the first one is what a mistake is told with."""
        self._needs.append(("anyOf", keys))
        if not any(key in self for key in keys):
            self.add(self._node.problem(f"{keys[0]} is missing", f"for example {example}"))

    def one_of(self, *keys: str, example: str) -> None:
        """One of the keys must be there, and no other of them."""
        self._needs.append(("oneOf", keys))
        if len([key for key in keys if key in self]) != 1 and self._shapes is None:
            message = f"expected one of {', '.join(keys)}"
            self.add(self._node.problem(message, f"for example {example}"))

    def where(self, key: str) -> Node:
        """The key's node, or that of the mapping where the file is silent."""
        return self._fields.get(key, self._node)

    def _answer(self, shapes: Mapping[str, Shape]) -> Shape:
        """The keys in the order in which they are explained."""
        properties = {
            key: {"description": self._known[key], **shapes[key]}
            for key in self._known
            if key in shapes
        }
        answer: Shape = {
            "title": self._what,
            "type": ["object", "null"],
            "properties": properties,
            "patternProperties": {f"^{EXTENSION}": ANYTHING},
            "additionalProperties": False,
        }
        return needing(answer, *self._needs)


def many(reader: Reader[T]) -> Shaped[tuple[T, ...]]:
    """Reads a list, item by item."""

    def read(node: Node) -> tuple[T, ...]:
        with Gathering() as gathering:
            items = tuple(gathering.read(item, reader) for item in node.items())
        return items

    return Shaped(read, lambda: {"type": "array", "items": describe(reader)})


def each(
    reader: Callable[[str, Node], T], names: str = "", *, extensions: bool = True
) -> Shaped[dict[str, T]]:
    """Reads a mapping of names, of a pattern or any, to things.

    Where Compose has no extensions, x-… is a name like any other.
    """

    def read(node: Node) -> dict[str, T]:
        with Gathering() as gathering:
            things = {
                name: gathering.read(value, lambda value, name=name: reader(name, value))
                for name, value in node.mapping().items()
                if not (extensions and name.startswith(EXTENSION))
            }
        return things

    def shape() -> Shape:
        others = f"|{EXTENSION}.*" if extensions else ""
        answer: Shape = {
            "type": ["object", "null"],
            "additionalProperties": describe(lambda node: reader("name", node)),
        }
        if extensions:
            answer["patternProperties"] = {f"^{EXTENSION}": ANYTHING}
        if names:
            answer["propertyNames"] = {"pattern": f"^(?:{names}{others})$"}
        return answer

    return Shaped(read, shape)


def entries(
    reader: Callable[[str, Node], T], names: str = "", *, extensions: bool = True
) -> Shaped[tuple[T, ...]]:
    """The same without the names, for things that know their own."""
    read = each(reader, names, extensions=extensions)
    return Shaped(lambda node: tuple(read(node).values()), read.shape)


def forms(
    *,
    text: Reader[T] | None = None,
    items: Reader[T] | None = None,
    mapping: Reader[T] | None = None,
) -> Shaped[T]:
    """What Compose writes in a short and a long form: chosen by what kind of value is there."""
    words = {"text": text, "a list": items, "a mapping": mapping}
    there = {word: reader for word, reader in words.items() if reader}

    def read(node: Node) -> T:
        match node.value:
            case tuple():
                reader = items
            case Mapping() | None:
                reader = mapping
            case _:
                reader = text
        if reader is None:
            node.refuse(f"{node.shown} given, expected {' or '.join(there)}")
        return reader(node)

    return Shaped(read, lambda: {"anyOf": [describe(reader) for reader in there.values()]})
