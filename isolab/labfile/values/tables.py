"""Readers of what Compose writes as a mapping or as a list of NAME=value, and of commands."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values.reading import Gathering, forms, many
from isolab.labfile.values.scalars import filled, text
from isolab.labfile.values.shape import Shape, Shaped, accepts, describe, text_like
from isolab.labfile.values.words import split
from isolab.model import Problem

Fallback = Callable[[str, Node], str | None]
"""The value of a name that comes without one; None leaves the name out."""


def required(name: str, node: Node) -> str:
    """A name has a value."""
    node.refuse(f"{name} has no value", f"write {name}: value, or '{name}=value' in a list")


def from_environment(name: str, node: Node) -> str | None:
    """As Compose does it: what the variable of this name holds; unset, it stays unset."""
    return node.origin.variables.get(name)


def nothing(name: str, node: Node) -> str:
    """An empty value, as labels have it."""
    return ""


def table(separators: str = "=", fallback: Fallback = required) -> Shaped[Mapping[str, str]]:
    """Names to values: a mapping, or a list of NAME=value; the last one of a name counts."""

    def mapping(node: Node) -> Mapping[str, str]:
        values: dict[str, str | None] = {}
        with Gathering() as gathering:
            for name, value in node.mapping().items():
                values[name] = gathering.read(value, _or(fallback, name))
        return _those_that_are_set(values)

    def items(node: Node) -> Mapping[str, str]:
        values: dict[str, str | None] = {}
        with Gathering() as gathering:
            for item in node.items():
                word = gathering.read(item, filled) or "="
                name, separator, value = _split(word, separators)
                given = item.holding(value if separator else None)
                values[name] = gathering.read(given, _or(fallback, name))
        return _those_that_are_set(values)

    values = ["string", "number", "boolean", *(["null"] if fallback is not required else [])]
    pattern = rf"[^{separators}]+[{separators}][\s\S]*" if fallback is required else r"[\s\S]+"
    entries: Shape = {"type": ["object", "null"], "additionalProperties": {"type": values}}
    lines: Shape = {"type": "array", "items": text_like("NAME=value", pattern)}
    return forms(mapping=Shaped(mapping, lambda: entries), items=Shaped(items, lambda: lines))


def repeated(node: Node) -> Iterator[Problem]:
    """Names that a list gives more than once."""
    lines = node.value if isinstance(node.value, tuple) else ()
    given: set[str] = set()
    for item in lines:
        name, _, _ = _split(str(item.value), "=")
        if name in given:
            told = item.problem(f"{name} is given twice: the last one counts", "leave one out")
            yield replace(told, severity="warning")
        given.add(name)


def _or(fallback: Fallback, name: str) -> Reader[str | None]:
    def read(node: Node) -> str | None:
        return fallback(name, node) if node.value is None else text(node)

    return read


def _those_that_are_set(values: Mapping[str, str | None]) -> Mapping[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _split(word: str, separators: str) -> tuple[str, str, str]:
    at = min((word.find(s) for s in separators if s in word), default=len(word))
    return word[:at], word[at : at + 1], word[at + 1 :]


@accepts({"title": "a command", "anyOf": [text_like("a line"), describe(many(text))]})
def command(node: Node) -> tuple[str, ...]:
    """A command: a list of words, or a line that is split as Compose does."""
    if isinstance(node.value, tuple):
        return many(text)(node)
    try:
        return split(text(node))[0]
    except ValueError as error:
        node.refuse(f"cannot be split into words: {error}")


def cut(node: Node) -> Iterator[Problem]:
    """What of a line is passed over, as in Compose."""
    try:
        rest = split(node.value)[1] if isinstance(node.value, str) else ""
    except ValueError:
        return
    if rest.strip(" ;"):
        message = f"{rest!r} is passed over, as in Compose: no shell reads the line"
        yield replace(node.problem(message, "use one: [sh, -c, '…']"), severity="warning")
