"""What arrives over the wire, as what was meant."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi import (
    InputPropertiesError,
    InputPropertyError,
    InputPropertyErrorDetails,
    Output,
    contains_unknowns,
)

from isolab.model import Problem


def plain(value: object, name: str) -> Any:
    """A value that has to be known, and may not be secret; whole floats are the integers they were.

    The plan decides what there is to make, before anything is made, and stands in the state.
    """
    match value:
        case Output():
            known, secret, inner = _resolved(value)
            if secret:
                reason = (
                    "is secret, but what a lab file says stands in the state as plain text: "
                    "write a secret of the lab file (secrets: {NAME: {external: true}})"
                )
                raise InputPropertyError(name, reason)
            if not known:
                raise _unknown(name)
            return plain(inner, name)
        case Mapping():
            return {key: plain(item, f"{name}.{key}") for key, item in value.items()}
        case list():
            return [plain(item, f"{name}[{index}]") for index, item in enumerate(value)]
        case float() if value.is_integer():
            return int(value)
        case _ if contains_unknowns(value):
            raise _unknown(name)
        case _:
            return value


def text(value: object, name: str) -> str:
    """The same for a text; nothing counts as an empty one."""
    found = plain(value, name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise InputPropertyError(name, f"{found!r} given, expected a text")
    return found


def secret_text(value: object, name: str) -> str:
    """A text that may be secret, and has to be known."""
    if not isinstance(value, Output):
        return text(value, name)
    known, _, inner = _resolved(value)
    if not known:
        raise _unknown(name)
    return text(inner, name)


def texts(value: object, name: str) -> dict[str, str]:
    """A map of texts; numbers and booleans are written as YAML does."""
    found = plain(value, name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InputPropertyError(name, f"{found!r} given, expected a map of texts")
    return {key: _written(item, f"{name}.{key}") for key, item in found.items()}


def _written(value: object, name: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case _:
            raise InputPropertyError(name, f"{value!r} given, expected a text")


def _resolved(output: Output[Any]) -> tuple[bool, bool, object]:
    """Whether it is known, whether it is secret, and its value.

    All inputs of a component have arrived when its constructor runs, also those that are outputs.
    """
    data = output._data.result()
    return data.is_known, data.is_secret, data.value


def _unknown(name: str) -> InputPropertyError:
    return InputPropertyError(
        name, "is known only after the deployment, but it decides what is deployed: give a value"
    )


def tree(args: Mapping[str, Any], places: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The inputs that were given, where they stand in a lab file.

    Args:
        args: As the component was given them, in Python's spelling.
        places: The path of each input in a lab file, by its name in the schema.
    """
    found: dict[str, Any] = {}
    for name, path in places.items():
        value = plain(args.get(_python(name)), name)
        if value is None:
            continue
        at = found
        for key in path[:-1]:
            at = at.setdefault(key, {})
        at[path[-1]] = value
    return found


def told(
    problems: Iterable[Problem], places: Mapping[str, tuple[str, ...]]
) -> InputPropertiesError:
    """Problems of a lab file that nobody wrote, at the inputs that they came from."""
    errors: list[InputPropertyErrorDetails] = []
    for problem in problems:
        reason = problem.message + (f" ({problem.hint})" if problem.hint else "")
        errors.append({"property_path": _input(problem.path, places), "reason": reason})
    return InputPropertiesError("the inputs make no lab", errors=errors)


def _input(path: str, places: Mapping[str, tuple[str, ...]]) -> str:
    for name, place in places.items():
        start = ".".join(place)
        if path == start or path.startswith((f"{start}.", f"{start}[")):
            return name + path.removeprefix(start)
    return path


def _python(name: str) -> str:
    """cloudInit is cloud_init for a component."""
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
