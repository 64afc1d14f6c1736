"""Readers of single values: words, numbers, sizes, durations, commands."""

import re
import shlex
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from isolab.labfile.node import Gathering, Node, Reader, did_you_mean, many
from isolab.units import MiB, Seconds

Word = TypeVar("Word", bound=str)

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?b)?", re.IGNORECASE)
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_COMPOSE_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,39}")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def text(node: Node) -> str:
    """A word or sentence; a number is taken as it would be written."""
    match node.value:
        case bool():
            return "true" if node.value else "false"
        case str() | int():
            word = str(node.value)
        case float():
            word = f"{node.value:g}"
        case _:
            node.refuse(f"{node.shown} given, expected text")
    if "\0" in word:
        node.refuse("holds a null character")
    return word


def filled(node: Node) -> str:
    """Text that is not empty."""
    return text(node) or node.refuse("is empty, expected text")


def optional_text(node: Node) -> str | None:
    """Text, or nothing."""
    return None if node.value is None else text(node)


def flag(node: Node) -> bool:
    """true or false."""
    match node.value:
        case bool():
            return node.value
        case "true" | "false":
            return node.value == "true"
        case _:
            node.refuse(f"{node.shown} given, expected true or false")


def integer(least: int, most: int) -> Reader[int]:
    """A whole number within bounds."""

    def read(node: Node) -> int:
        expected = f"expected a whole number from {least} to {most}"
        match node.value:
            case int() if not isinstance(node.value, bool):
                number = node.value
            case str() if re.fullmatch(r"[-+]?\d{1,18}", node.value, re.ASCII):
                number = int(node.value)
            case _:
                node.refuse(f"{node.shown} given, {expected}")
        if not least <= number <= most:
            node.refuse(f"{number} given, {expected}")
        return number

    return read


port = integer(1, 65535)


def cpus(node: Node) -> float:
    """A share of processors: 0.5 is half of one."""
    try:
        number = float(text(node))
    except ValueError:
        node.refuse(f"{node.shown} given, expected a number of processors such as 0.5")
    if not 0.01 <= number <= 512:
        node.refuse(f"{number:g} given, expected a number of processors from 0.01 to 512")
    return number


def size(node: Node) -> MiB:
    """Memory or disk with its unit; units are powers of 1024, as in Docker."""
    word = text(node)
    match = _SIZE.fullmatch(word.strip())
    if match is None or not (match[2] or match[3]):
        node.refuse(f"{node.shown} given, expected a size with its unit such as 512MiB or 2GiB")
    mebibytes = Decimal(match[1]) * Decimal(1024) ** (_POWER[match[2].lower()] - 2)
    if mebibytes != int(mebibytes) or not mebibytes:
        node.refuse(f"{node.shown} given, expected a whole number of MiB, at least one")
    if mebibytes > 2**40:
        node.refuse(f"{node.shown} given, which is more than any machine has")
    return MiB(int(mebibytes))


def compose_size(node: Node) -> MiB:
    """As size, but a bare number counts bytes, as in Compose."""
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return size(Node(path=node.path, position=node.position, value=f"{node.value}b"))
    return size(node)


def duration(node: Node) -> Seconds:
    """A duration as in Compose: 5s, 1m30s, 500ms."""
    word = text(node)
    if not _DURATION.fullmatch(word):
        node.refuse(f"{node.shown} given, expected a duration such as 5s or 1m30s")
    return Seconds(sum(float(n) * _SECONDS[unit] for n, unit in _PART.findall(word)))


def choice(*words: Word) -> Reader[Word]:
    """One of a few words."""

    def read(node: Node) -> Word:
        given = text(node)
        for word in words:
            if word == given:
                return word
        hint = did_you_mean(given, words)
        node.refuse(f"{node.shown} given, expected {' or '.join(words)}", hint)

    return read


def check_name(node: Node, name: str, what: str) -> str:
    """A name that is also a host name: it ends up in several."""
    if not _NAME.fullmatch(name):
        node.refuse(
            f"{name!r} is no name for {what}",
            "small letters, digits and hyphens, at most 40, no hyphen at either end",
        )
    return name


def check_compose_name(node: Node, name: str, what: str) -> None:
    """A name as Compose allows them."""
    if not _COMPOSE_NAME.fullmatch(name):
        node.refuse(
            f"{name!r} is no name for {what}",
            "letters, digits, hyphens, underscores and dots, at most 40, a letter or digit first",
        )


def command(node: Node) -> tuple[str, ...]:
    """A command: a list of words, or a line that is split as a shell would."""
    if isinstance(node.value, tuple):
        return many(text)(node)
    try:
        return tuple(shlex.split(text(node)))
    except ValueError as error:
        node.refuse(f"cannot be split into words: {str(error).lower()}")


def one_or_many(reader: Reader[str]) -> Reader[tuple[str, ...]]:
    """One value, or a list of them."""

    def read(node: Node) -> tuple[str, ...]:
        return many(reader)(node) if isinstance(node.value, tuple) else (reader(node),)

    return read


def table(separators: str = "=") -> Reader[Mapping[str, str]]:
    """Names to values: a mapping, or a list of NAME=value."""

    def read(node: Node) -> Mapping[str, str]:
        values: dict[str, str] = {}
        with Gathering() as gathering:
            if not isinstance(node.value, tuple):
                for name, value in node.mapping().items():
                    values[name] = gathering.read(value, _value(name))
            for item in node.value if isinstance(node.value, tuple) else ():
                word = gathering.read(item, filled) or "="
                name, separator, value = _split(word, separators)
                if not separator:
                    gathering.add(
                        item.problem(f"{word!r} given, expected NAME{separators[0]}value")
                    )
                elif name in values:
                    gathering.add(item.problem(f"{name} stands twice"))
                values[name] = value
        return values

    return read


def _split(word: str, separators: str) -> tuple[str, str, str]:
    at = min((word.find(s) for s in separators if s in word), default=len(word))
    return word[:at], word[at : at + 1], word[at + 1 :]


def _value(name: str) -> Reader[str]:
    def read(node: Node) -> str:
        if node.value is None:
            node.refuse(
                f"{name} has no value", f"write ${{{name}}} to take it from the environment"
            )
        return text(node)

    return read
