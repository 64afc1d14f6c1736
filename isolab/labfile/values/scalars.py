"""Readers of single values: words, numbers, choices, paths."""

import re
from pathlib import Path
from typing import TypeVar

from isolab.labfile.syntax.loader import Octal
from isolab.labfile.syntax.node import Node, Reader, did_you_mean
from isolab.labfile.values.reading import forms, many
from isolab.labfile.values.shape import ANYTHING, Shaped, accepts, describe, one_of, text_like

Word = TypeVar("Word", bound=str)


@accepts(ANYTHING)
def passed_over(node: Node) -> None:
    """What no container that runs is changed by."""


@accepts(text_like("text"))
def text(node: Node) -> str:
    """A word or sentence; a number is taken as it would be written."""
    match node.value:
        case bool():
            return "true" if node.value else "false"
        case str() | int():
            word = str(node.value)
        case float():
            word = f"{node.value:.0f}" if node.value.is_integer() else repr(node.value)
        case _:
            node.refuse(f"{node.shown} given, expected text")
    if "\0" in word:
        node.refuse("holds a null character")
    return word


@accepts(text_like("text"))
def literal(node: Node) -> str:
    """Text in which every character counts: 0440 would lose its zero."""
    if isinstance(node.value, Octal):
        node.refuse(f"starts with a zero, so YAML reads it as {node.value}", "put it in quotes")
    return text(node)


@accepts(text_like("text", r"[\s\S]+"))
def filled(node: Node) -> str:
    """Text that is not empty."""
    return text(node) or node.refuse("is empty, expected text")


def matching(title: str, pattern: str, complaint: str, hint: str = "") -> Shaped[str]:
    """Text that fits a pattern; the complaint follows what was given instead."""

    def read(node: Node) -> str:
        word = filled(node)
        if not re.fullmatch(pattern, word):
            node.refuse(f"{node.shown} {complaint}", hint)
        return word

    return Shaped(read, lambda: text_like(title, pattern))


@accepts(one_of(True, False, "true", "false", title="true or false"))
def flag(node: Node) -> bool:
    """true or false."""
    match node.value:
        case bool():
            return node.value
        case str() as word if word.lower() in ("true", "false"):
            return word.lower() == "true"
        case _:
            node.refuse(f"{node.shown} given, expected true or false")


def only(*, word: bool, hint: str) -> Shaped[bool]:
    """A flag of which one value alone is taken."""

    def read(node: Node) -> bool:
        if flag(node) != word:
            node.refuse(f"{node.shown} given, expected {str(word).lower()}", hint)
        return word

    title = str(word).lower()
    return Shaped(read, lambda: one_of(word, title, title=title))


def integer(least: int, most: int) -> Shaped[int]:
    """A whole number within bounds."""
    title = f"a whole number from {least} to {most}"

    def read(node: Node) -> int:
        match node.value:
            case int() if not isinstance(node.value, bool):
                number = int(node.value)
            case str() if re.fullmatch(r"[-+]?(?:0|[1-9]\d{0,17})", node.value, re.ASCII):
                number = int(node.value)
            case _:
                node.refuse(f"{node.shown} given, expected {title}")
        if not least <= number <= most:
            node.refuse(f"{number} given, expected {title}")
        return number

    number = {"type": "integer", "minimum": least, "maximum": most}
    word = {"type": "string", "pattern": r"^[-+]?\d{1,18}$|\$"}
    return Shaped(read, lambda: {"title": title, "anyOf": [number, word]})


port = integer(1, 65535)


def choice(*words: Word, hint: str = "") -> Reader[Word]:
    """One of a few words."""

    def read(node: Node) -> Word:
        given = text(node)
        for word in words:
            if word == given:
                return word
        instead = did_you_mean(given, words) or hint
        node.refuse(f"{node.shown} given, expected {' or '.join(words)}", instead)

    return Shaped(read, lambda: one_of(*words))


def one_or_many(reader: Reader[str]) -> Shaped[tuple[str, ...]]:
    """One value, or a list of them."""
    return forms(text=alone(reader), items=many(reader))


def alone(reader: Reader[str]) -> Shaped[tuple[str, ...]]:
    """One value, where a list could stand."""
    return Shaped(lambda node: (reader(node),), lambda: describe(reader))


@accepts(text_like("an absolute path in the container", r"/.*"))
def absolute(node: Node) -> str:
    """A path in the container."""
    path = text(node)
    if not path.startswith("/"):
        node.refuse(f"{path!r} given, expected an absolute path in the container")
    return path.rstrip("/") or "/"


@accepts(text_like("a path, relative to the file's folder", r"[\s\S]+"))
def local(node: Node) -> Path:
    """A path on this machine; whether something is there is not looked at."""
    return node.origin.path(filled(node))
