"""Compose's variables in values: ${VAR}, ${VAR:-default}, ${VAR:?message}, ${VAR:+other}, $$."""

import re
from collections.abc import Mapping

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_START = re.compile(rf"\$(?:(?P<dollar>\$)|(?P<plain>{_NAME})|\{{(?P<braced>{_NAME})|(?P<bad>\{{))")
"""As in Compose, a dollar sign before anything else is one."""
_OPERATOR = re.compile(r":?[-?+]")


class BadVariable(Exception):
    """A variable that is not set, or an expression that is none; says what to write."""

    def __init__(self, message: str, hint: str, unset: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.unset = unset
        """The variable's name, where nothing else is wrong than that it is not set."""


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """The text with its variables filled in."""
    result, _ = _until(text, 0, variables, closing=False)
    return result


def _until(
    text: str, start: int, variables: Mapping[str, str], *, closing: bool
) -> tuple[str, int]:
    """Fills in from start to the end of the text, or to the brace that closes an expression."""
    parts: list[str] = []
    index = start
    while index < len(text):
        if closing and text[index] == "}":
            return "".join(parts), index
        match = _START.match(text, index)
        if match is None:
            parts.append(text[index])
            index += 1
        elif match["braced"]:
            value, index = _braced(text, match["braced"], match.end(), variables)
            parts.append(value)
        elif match["dollar"]:
            parts.append("$")
            index = match.end()
        elif match["plain"]:
            parts.append(_value(match["plain"], variables))
            index = match.end()
        else:
            raise BadVariable(
                f"{text[index : index + 12]!r} is not a variable", "a dollar sign is $$"
            )
    if closing:
        raise BadVariable("a ${ is not closed", "end it with }; a dollar sign is $$")
    return "".join(parts), index


def _braced(text: str, name: str, index: int, variables: Mapping[str, str]) -> tuple[str, int]:
    operator = _OPERATOR.match(text, index)
    if operator is None:
        if text[index : index + 1] != "}":
            raise BadVariable(
                f"${{{name}… is not a variable", "expected ${NAME} or ${NAME:-default}"
            )
        return _value(name, variables), index + 1
    # What is not chosen is not looked at, so that a default may name variables that are not set.
    given = variables.get(name)
    missing = given is None or (operator[0].startswith(":") and not given)
    kind = operator[0][-1]
    needed = missing if kind in "-?" else not missing
    word, end = _until(text, operator.end(), variables if needed else _Anything(), closing=True)
    if kind == "?" and missing:
        raise BadVariable(
            f"the variable {name} is not set: {word}", f"set {name} in the environment"
        )
    if kind == "+":
        return ("" if missing else word), end + 1
    return (word if missing else given or ""), end + 1


def _value(name: str, variables: Mapping[str, str]) -> str:
    if name not in variables:
        raise BadVariable(
            f"the variable {name} is not set",
            f"set it, or give a default: ${{{name}:-default}}",
            name,
        )
    return variables[name]


class UnsetAsEmpty(dict[str, str]):
    """Variables, with an empty text for each that is not set; `unset` has those asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(variables)
        self.unset: list[str] = []

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> str:
        self.unset.append(key)
        return ""


class _Anything(dict[str, str]):
    """Variables for the branch that is not taken: all are set."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> str:
        return ""

    def get(self, key: str, default: object = None) -> str:  # type: ignore[override]
        return "set"
