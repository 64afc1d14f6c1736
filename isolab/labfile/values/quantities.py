"""Readers of sizes, durations and shares of processors, in all the forms that Compose knows."""

import re
from decimal import Decimal

from isolab.labfile.syntax.node import Node
from isolab.labfile.values.scalars import text
from isolab.labfile.values.shape import accepts, text_like
from isolab.units import MiB, Seconds

_NUMBER = r"\d+(?:\.\d+)?"
_BYTES = rf"({_NUMBER})\s*(?:([kmgtp]?)(i?b)?)"
_UNITS = rf"\s*{_NUMBER}\s*(?:[kKmMgGtTpP]?[iI]?[bB]|[kKmMgGtTpP])\s*"
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
}
_UNIT = "|".join(_SECONDS)
_PART = re.compile(rf"({_NUMBER})({_UNIT})")
_MOST = Decimal(2**60)


@accepts(text_like("a size with its unit such as 512MiB or 2GiB", _UNITS))
def size(node: Node) -> MiB:
    """Memory or disk with its unit; units are powers of 1024, as in Docker."""
    if _bare(text(node)):
        node.refuse(f"{node.shown} given, expected a size with its unit such as 512MiB or 2GiB")
    return _mebibytes(node)


@accepts(text_like("a size such as 64m; a bare number counts bytes", rf"{_UNITS}|\d+"))
def compose_size(node: Node) -> MiB:
    """As size, but a bare number counts bytes, as in Compose."""
    return _mebibytes(node)


@accepts(text_like("a size such as 64m; a bare number counts bytes", rf"{_UNITS}|\d+"))
def size_in_bytes(node: Node) -> int:
    """A size that need not be whole mebibytes."""
    number = _bytes(node)
    if number != int(number):
        node.refuse(f"{node.shown} given, which is not a whole number of bytes")
    return int(number)


def _bare(word: str) -> bool:
    return re.fullmatch(_NUMBER, word.strip()) is not None


def _bytes(node: Node) -> Decimal:
    match = re.fullmatch(_BYTES, text(node).strip(), re.IGNORECASE | re.ASCII)
    if match is None or len(match[1]) > 30:
        node.refuse(f"{node.shown} given, expected a size with its unit such as 512MiB or 2GiB")
    number = Decimal(match[1]) * Decimal(1024) ** _POWER[match[2].lower()]
    if number > _MOST:
        node.refuse(f"{node.shown} given, which is more than any machine has")
    return number


def _mebibytes(node: Node) -> MiB:
    mebibytes = _bytes(node) / 2**20
    if mebibytes != int(mebibytes) or not mebibytes:
        node.refuse(f"{node.shown} given, expected a whole number of MiB, at least one")
    return MiB(int(mebibytes))


@accepts(text_like("a duration such as 5s or 1m30s", rf"(?:{_NUMBER}(?:{_UNIT}))+"))
def duration(node: Node) -> Seconds:
    """A duration as in Compose: 5s, 1m30s, 500ms."""
    word = text(node)
    if not re.fullmatch(rf"(?:{_PART.pattern})+", word, re.ASCII):
        node.refuse(f"{node.shown} given, expected a duration such as 5s or 1m30s")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(word))
    if seconds > 10 * _SECONDS["w"]:
        node.refuse(f"{node.shown} given, expected at most ten weeks")
    return Seconds(round(seconds, 9))


@accepts(text_like("a number of processors such as 0.5", _NUMBER))
def cpus(node: Node) -> float:
    """A share of processors: 0.5 is half of one."""
    try:
        number = float(text(node))
    except ValueError:
        node.refuse(f"{node.shown} given, expected a number of processors such as 0.5")
    if not 0.01 <= number <= 512:
        node.refuse(f"{number:g} given, expected a number of processors from 0.01 to 512")
    return number
