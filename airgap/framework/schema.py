"""What inputs a resource takes, and the check of what a program gave."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airgap.framework.values import Secret, Unknown

type_names = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
Problem = tuple[str, str]
"""A property's path and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string, a number, a boolean; or anything."""

    name: str


STRING = Scalar("string")
INTEGER = Scalar("integer")
NUMBER = Scalar("number")
BOOLEAN = Scalar("boolean")
ANY = Scalar("any")


@dataclass(frozen=True, slots=True)
class List:
    """Elements of one kind, in an order that counts unless said otherwise."""

    of: "Kind"
    ordered: bool = field(default=True, kw_only=True)
    """Whether the same elements in another order are a change."""


@dataclass(frozen=True, slots=True)
class Bag:
    """Elements of one kind in any order; a difference is told of the whole."""

    of: "Kind"


@dataclass(frozen=True, slots=True)
class Map:
    """Values of one kind under names that the user chooses."""

    of: "Kind"


@dataclass(frozen=True, slots=True)
class Object:
    """Fields with names of their own."""

    fields: "Mapping[str, Field]"
    instead: Mapping[str, str] = field(default_factory=dict[str, str])
    """What to use for a field that is not there."""


Kind = Scalar | List | Bag | Map | Object


@dataclass(frozen=True, slots=True)
class Field:
    """One input."""

    kind: Kind
    required: bool = field(default=False, kw_only=True)
    default: Any = field(default=None, kw_only=True)
    """Filled in where the program gives none."""
    replaces: bool = field(default=False, kw_only=True)
    """A changed value needs a new resource; a nested field has it from the field on top."""
    unasked: bool = field(default=True, kw_only=True)
    """Whether the program may leave it out and take what the resource then has.

    Where it may not, a value that was found and not asked for is a change back to none.
    """
    secret: bool = field(default=False, kw_only=True)
    """A secret by itself, whether the program says so or not."""
    auto_name: bool = field(default=False, kw_only=True)
    """The resource's own name; made from the program's where it gives none."""


def sealed(value: Any, kind: Kind) -> Any:
    """The value with each field that is a secret by itself wrapped as one."""
    if isinstance(value, Secret):
        return Secret(sealed(value.value, kind))
    match kind:
        case Object() if isinstance(value, Mapping):
            return {n: _sealed_field(each, kind.fields.get(n)) for n, each in value.items()}
        case Map() if isinstance(value, Mapping):
            return {name: sealed(each, kind.of) for name, each in value.items()}
        case List() | Bag() if isinstance(value, list):
            return [sealed(each, kind.of) for each in value]
        case _:
            return value


def _sealed_field(value: Any, field: Field | None) -> Any:
    if field is None:
        return value
    inside = sealed(value, field.kind)
    return Secret(inside) if field.secret and not isinstance(inside, Secret) else inside


def check(properties: Mapping[str, Any], schema: Object) -> tuple[dict[str, Any], list[Problem]]:
    """The inputs with defaults filled in and named in `__defaults`, and what is wrong with them."""
    problems: list[Problem] = []
    return _check_object(properties, schema, "", problems), problems


def _check_object(
    properties: Mapping[str, Any], schema: Object, path: str, problems: list[Problem]
) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in properties.items():
        if name.startswith("__") or value is None:
            continue
        where = f"{path}.{name}" if path else name
        if name not in schema.fields:
            problems.append((where, _refusal(name, schema)))
            continue
        checked[name] = _check(value, schema.fields[name].kind, where, problems)
    defaults: list[str] = []
    for name, each in sorted(schema.fields.items()):
        if name in checked:
            continue
        if each.default is not None:
            checked[name] = each.default
            defaults.append(name)
        elif each.required:
            where = f"{path}.{name}" if path else name
            problems.append((where, "is required"))
    return {"__defaults": defaults, **checked}


def _refusal(name: str, schema: Object) -> str:
    advice = schema.instead.get(name)
    if advice:
        return f"is not supported by isolab's plugin; use {advice}"
    known = ", ".join(sorted(schema.fields))
    return f"is not supported by isolab's plugin; it takes {known}"


def _check(value: Any, kind: Kind, path: str, problems: list[Problem]) -> Any:
    if isinstance(value, Secret):
        return Secret(_check(value.value, kind, path, problems))
    if isinstance(value, Unknown):
        return value
    match kind:
        case Object():
            if isinstance(value, Mapping):
                return _check_object(value, kind, path, problems)
        case Map():
            if isinstance(value, Mapping):
                return {
                    name: _check(element, kind.of, f"{path}.{name}", problems)
                    for name, element in value.items()
                }
        case List() | Bag():
            if isinstance(value, list):
                return [
                    _check(element, kind.of, f"{path}[{index}]", problems)
                    for index, element in enumerate(value)
                ]
        case Scalar():
            return _check_scalar(value, kind, path, problems)
    problems.append((path, f"is {_type_name(value)}, expected {_kind_name(kind)}"))
    return value


def _check_scalar(value: Any, kind: Scalar, path: str, problems: list[Problem]) -> Any:
    if kind is ANY:
        return value
    if kind is STRING and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if kind in (INTEGER, NUMBER) and isinstance(value, str):
        try:
            return int(value) if kind is INTEGER else float(value)
        except ValueError:
            pass
    if kind is BOOLEAN and value in ("true", "false"):
        return value == "true"
    fits = isinstance(value, type_names[kind.name])
    if not fits or (isinstance(value, bool) and kind is not BOOLEAN):
        problems.append((path, f"is {_type_name(value)}, expected {kind.name}"))
    return value


def _type_name(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Mapping):
        return "object"
    names: dict[type, str] = {
        str: "string",
        int: "integer",
        float: "number",
        list: "list",
    }
    return names.get(type(value), "nothing")


def _kind_name(kind: Kind) -> str:
    match kind:
        case List() | Bag():
            return "list"
        case Map() | Object():
            return "object"
        case Scalar():
            return kind.name
