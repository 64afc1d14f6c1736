"""What a reader accepts, as JSON Schema, told by the reader itself.

Readers of single values carry their schema (`accepts`); those that combine others make theirs
from them; those of a mapping with known keys are run on a node that is nothing but a question,
which `Fields` answers with all that was asked of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from isolab.labfile.node import Broken, Node, Origin
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
        """What the node says, or Invalid."""
        return self.read(node)


def accepts(shape: Shape) -> Callable[[Callable[[Node], T]], Shaped[T]]:
    """Gives a reader its schema."""

    def give(read: Callable[[Node], T]) -> Shaped[T]:
        return Shaped(read, lambda: shape)

    return give


def text_like(title: str, pattern: str = "") -> Shape:
    """A word, of a pattern or any: numbers count as they are written, a variable as anything."""
    words: dict[str, Any] = {"title": title, "type": ["string", "number", "boolean"]}
    return words | ({"pattern": rf"^(?:{pattern})$|\$"} if pattern else {})


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
    kind = shape.get("type")
    if isinstance(kind, str):
        return {**shape, "type": [kind, "null"]} if kind != "null" else shape
    if isinstance(kind, list):
        return {**shape, "type": [*kind, "null"]} if "null" not in kind else shape  # pyright: ignore[reportUnknownVariableType]
    return {"anyOf": [*shape["anyOf"], NOTHING]} if "anyOf" in shape else shape
