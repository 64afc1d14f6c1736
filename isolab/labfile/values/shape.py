"""What a reader accepts, as JSON Schema, told by the reader itself.

Readers of single values carry their schema (`accepts`); those that combine others make theirs
from them; those of a mapping with known keys are run on a node that is nothing but a question,
which `Fields` answers with all that was asked of it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from isolab.labfile.syntax.node import Broken, Node, Origin
from isolab.model import Position

T = TypeVar("T")
Shape = Mapping[str, Any]
"""A JSON Schema, draft 2020-12."""
NOTHING: Shape = {"type": "null"}
ANYTHING: Shape = {}


class Question(Broken):
    """The value of a node that asks its reader what it would accept."""


_QUESTION = Node(
    path=(),
    position=Position(file="", line=1, column=1),
    origin=Origin(folder=Path("/"), variables={}),
    value=Question(),
)


class Answer(Exception):
    """What a reader of a mapping says to a question."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.shape = shape


@dataclass(frozen=True, slots=True)
class Shaped(Generic[T]):
    """A reader that carries what it accepts."""

    read: Callable[[Node], T]
    shape: Callable[[], Shape]

    def __call__(self, node: Node) -> T:
        """What the node says, or Invalid; to a question, the answer."""
        if isinstance(node.value, Question):
            raise Answer(self.shape())
        return self.read(node)


def accepts(shape: Shape) -> Callable[[Callable[[Node], T]], Shaped[T]]:
    """Gives a reader its schema."""

    def give(read: Callable[[Node], T]) -> Shaped[T]:
        return Shaped(read, lambda: shape)

    return give


def text_like(title: str, pattern: str = "") -> Shape:
    """A word, of a pattern or any: numbers count as they are written, a variable as anything."""
    kinds = {"string": "$", "number": "1", "boolean": "true"}
    types = [kind for kind, word in kinds.items() if not pattern or _fits(pattern, word)]
    words: dict[str, Any] = {"title": title, "type": types}
    return words | ({"pattern": rf"^(?:{pattern})$|\$"} if pattern else {})


def one_of(*values: str | bool, title: str = "") -> Shape:
    """One of a few values, or a variable."""
    variable = {"type": "string", "pattern": r"\$"}
    words = title or " or ".join(map(str, values))
    return {"title": words, "anyOf": [{"enum": list(values)}, variable]}


def _fits(pattern: str, word: str) -> bool:
    return word == "$" or re.fullmatch(pattern, word) is not None


def describe(reader: Callable[[Node], object]) -> Shape:
    """What a reader accepts."""
    if isinstance(reader, Shaped):
        return reader.shape()
    try:
        reader(_QUESTION)
    except Answer as answer:
        return answer.shape
    raise TypeError(f"{reader} does not say what it accepts")


def or_nothing(shape: Shape) -> Shape:
    """The same, or null."""
    if "anyOf" in shape:
        there = NOTHING in shape["anyOf"]
        return shape if there else {**shape, "anyOf": [*shape["anyOf"], NOTHING]}
    if "enum" in shape:
        return {**shape, "enum": [*shape["enum"], None]}
    if "type" in shape:
        kinds: list[str] = [shape["type"]] if isinstance(shape["type"], str) else shape["type"]
        return {**shape, "type": kinds if "null" in kinds else [*kinds, "null"]}
    return shape


def needing(shape: Shape, *groups: tuple[str, tuple[str, ...]]) -> Shape:
    """The same for a mapping that has some ("anyOf") or one ("oneOf") of these keys."""
    needs = [{word: [{"required": [key]} for key in keys]} for word, keys in groups]
    return {**shape, "type": "object", "allOf": needs} if needs else shape
