"""What arrives over the wire, as what was meant."""

from collections.abc import Mapping
from typing import Any

from pulumi import InputPropertyError, Output, contains_unknowns


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
