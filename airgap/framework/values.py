"""Property values: between protobuf structs and Python, with secrets and unknowns."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_UNKNOWNS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
_BOOKKEEPING = frozenset({"__defaults", "__meta", "__pulumi_raw_state_delta", "__internal"})


class Unknown:
    """A value that a preview cannot know yet."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that the engine must keep encrypted."""

    value: Any


def load(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The properties of a request, with Secret and UNKNOWN in their places."""
    return {name: _load(value) for name, value in struct.fields.items()}


def _load(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
        case "list_value":
            return [_load(element) for element in value.list_value.values]
        case "struct_value":
            properties = load(value.struct_value)
            if properties.get(_SIGNATURE) == _SECRET:
                return Secret(properties.get("value"))
            return properties
        case _:
            return None


def dump(properties: Mapping[str, Any], secret: Collection[str] = ()) -> struct_pb2.Struct:
    """A response's properties; those named in `secret` are wrapped."""
    struct = struct_pb2.Struct()
    for name, value in properties.items():
        hide = name in secret and value is not None and not isinstance(value, Secret)
        _dump(Secret(value) if hide else value, struct.fields[name])
    return struct


def _dump(value: Any, into: struct_pb2.Value) -> None:
    if value is None:
        into.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, Unknown):
        into.string_value = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    elif isinstance(value, Secret):
        into.struct_value.fields[_SIGNATURE].string_value = _SECRET
        _dump(value.value, into.struct_value.fields["value"])
    elif isinstance(value, bool):
        into.bool_value = value
    elif isinstance(value, (int, float)):
        into.number_value = value
    elif isinstance(value, str):
        into.string_value = value
    elif isinstance(value, Mapping):
        into.struct_value.SetInParent()
        for name, element in value.items():
            _dump(element, into.struct_value.fields[name])
    else:
        into.list_value.SetInParent()
        for element in value:
            _dump(element, into.list_value.values.add())


def plain(value: Any) -> Any:
    """The value itself: secrets unwrapped, bookkeeping and absent properties left out."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {
            name: plain(element)
            for name, element in value.items()
            if name not in _BOOKKEEPING and element is not None
        }
    if isinstance(value, list):
        return [plain(element) for element in value]
    return value


def without_bookkeeping(value: Any) -> Any:
    """The value with its secrets, but without the engine's bookkeeping."""
    if isinstance(value, Secret):
        return Secret(without_bookkeeping(value.value))
    if isinstance(value, Mapping):
        remaining = ((n, v) for n, v in value.items() if n not in _BOOKKEEPING)
        return {name: without_bookkeeping(each) for name, each in remaining}
    if isinstance(value, list):
        return [without_bookkeeping(each) for each in value]
    return value


def holds_secret(value: Any) -> bool:
    """Whether a secret stands anywhere in the value."""
    if isinstance(value, Secret):
        return True
    if isinstance(value, Mapping):
        return any(holds_secret(element) for element in value.values())
    return isinstance(value, list) and any(holds_secret(element) for element in value)


def holds_unknown(value: Any) -> bool:
    """Whether an unknown stands anywhere in the value."""
    if isinstance(value, Secret):
        return holds_unknown(value.value)
    if isinstance(value, Mapping):
        return any(holds_unknown(element) for element in value.values())
    if isinstance(value, list):
        return any(holds_unknown(element) for element in value)
    return isinstance(value, Unknown)


def secret_names(*properties: Mapping[str, Any]) -> set[str]:
    """The names of the properties that hold a secret in any of the maps."""
    return {name for each in properties for name, value in each.items() if holds_secret(value)}
