"""Every input and output of the official SDKs is filled, or refused by name and listed.

An upgrade of an SDK that brings an input which is neither fails here; so does a word on one that
the SDK has no more.
"""

import importlib
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pulumi._types as types
import pytest

from airgap.command.__main__ import PLUGIN as COMMAND
from airgap.docker.__main__ import PLUGIN as DOCKER
from airgap.framework import Plugin, ResourceType
from airgap.framework.schema import ANY, Bag, Field, Kind, List, Map, Object, Scalar, check
from airgap.libvirt.__main__ import PLUGIN as LIBVIRT

# The SDK warns of a class of its own that nobody here uses.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PLUGINS = (LIBVIRT, DOCKER, COMMAND)
RESOURCES = tuple(each for plugin in PLUGINS for each in plugin.resources)
LISTING = Path(__file__).parents[2] / "docs" / "airgap-inputs.md"
SCALARS = {"string": str, "integer": int, "number": float, "boolean": bool}


def token(kind: ResourceType[Any]) -> str:
    return kind.token


def sdk_class(kind: ResourceType[Any]) -> type:
    package, place, name = kind.token.split(":")
    folder = place.split("/")[0]
    module = f"pulumi_{package}" if folder == "index" else f"pulumi_{package}.{folder}"
    return getattr(importlib.import_module(module), name)


def arguments(of: type) -> type:
    return getattr(importlib.import_module(of.__module__), f"{of.__name__}Args")


def provider_arguments(plugin: Plugin) -> type:
    return importlib.import_module(f"pulumi_{plugin.name}.provider").ProviderArgs


def inner(hint: Any) -> Iterator[type]:
    """The classes of nested inputs in a type."""
    if isinstance(hint, type) and types.is_input_type(hint):
        yield hint
    for each in typing.get_args(hint):
        yield from inner(each)


def differences(sdk: type, schema: Object, path: str = "") -> Iterator[str]:
    """Where the schema and the SDK's class do not tell the same story."""
    names: dict[str, str] = types.input_type_py_to_pulumi_names(sdk)
    hints = types.input_type_types(sdk)
    needed = {
        names[name]
        for name, each in inspect.signature(sdk.__init__).parameters.items()
        if name in names and each.default is inspect.Parameter.empty
    }
    for name in names.values():
        where = f"{path}{name}"
        if name in schema.fields and name in schema.instead:
            yield f"{where}: both taken and refused"
        elif name in schema.instead:
            continue
        elif name not in schema.fields:
            yield f"{where}: neither taken nor refused"
        else:
            field = schema.fields[name]
            if name in needed and not field.required:
                yield f"{where}: required by the SDK alone"
            yield from kind_differences(hints[name], field.kind, where)
    for name in {*schema.fields, *schema.instead} - set(names.values()):
        yield f"{path}{name}: the SDK has no such input"


def kind_differences(hint: Any, kind: Kind, where: str) -> Iterator[str]:
    text = repr(hint)
    nested = next(inner(hint), None)
    match kind:
        case List() | Bag() if "Sequence" in text:
            yield from kind_differences(typing.get_args(hint)[0], kind.of, f"{where}[]")
        case Map() if "Mapping" in text:
            return
        case Object() if nested is not None:
            yield from differences(nested, kind, f"{where}.")
        case Scalar() if kind is ANY or nested is None:
            return
        case _:
            yield f"{where}: is {text}, taken as {kind}"


@pytest.mark.parametrize("kind", RESOURCES, ids=token)
def test_every_input_is_taken_or_refused_by_name(kind: ResourceType[Any]) -> None:
    assert list(differences(arguments(sdk_class(kind)), kind.inputs)) == []


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_every_input_of_a_provider_is_taken_or_refused_by_name(plugin: Plugin) -> None:
    assert list(differences(provider_arguments(plugin), plugin.config)) == []


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_a_plugin_has_the_version_of_its_sdk(plugin: Plugin) -> None:
    assert plugin.version == metadata.version(f"pulumi-{plugin.name}")


@pytest.mark.parametrize("kind", RESOURCES, ids=token)
def test_every_output_is_filled_or_listed(kind: ResourceType[Any]) -> None:
    outputs = set(types.resource_types(sdk_class(kind)))
    filled = {*kind.inputs.fields, *kind.computed}
    assert filled - outputs == set()
    assert set(kind.unfilled) == outputs - filled


def refusals(schema: Object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every refused input with what to use instead."""
    for name, advice in schema.instead.items():
        yield f"{path}{name}", advice
    for name, field in schema.fields.items():
        kind = field.kind
        while isinstance(kind, List | Bag | Map):
            kind = kind.of
        if isinstance(kind, Object):
            yield from refusals(kind, f"{path}{name}.")


def given(path: str, schema: Object) -> Any:
    """Inputs with that one alone."""
    name, _, rest = path.partition(".")
    if not rest:
        return {name: "x"}
    kind = schema.fields[name].kind
    wrap: Callable[[Any], Any] = lambda value: value  # noqa: E731
    if isinstance(kind, List | Bag):
        kind, wrap = kind.of, lambda value: [value]
    assert isinstance(kind, Object)
    return {name: wrap(given(rest, kind))}


@pytest.mark.parametrize("kind", RESOURCES, ids=token)
def test_a_refusal_names_the_input_and_what_to_use(kind: ResourceType[Any]) -> None:
    for path, advice in refusals(kind.inputs):
        _, problems = check(given(path, kind.inputs), kind.inputs)
        texts = [text for where, text in problems if where.replace("[0]", "") == path]
        assert texts == [f"is not supported by isolab's plugin; use {advice}"], path


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ({}, "image: neither taken nor refused"),
        ({"image": Field(List(ANY))}, "image: required by the SDK alone"),
        ({"image": Field(ANY, required=True), "odd": Field(ANY)}, "odd: the SDK has no such input"),
    ],
)
def test_the_walk_finds_what_is_wrong(field: Mapping[str, Field], told: str) -> None:
    container = next(each for each in RESOURCES if each.token.endswith(":Container"))
    others = {n: f for n, f in container.inputs.fields.items() if n != "image"}
    schema = Object({**others, **field}, instead=container.inputs.instead)
    assert told in list(differences(arguments(sdk_class(container)), schema))


def listing() -> str:
    """What each resource takes, refuses and leaves empty, for people."""
    lines = [
        "# What the airgap plugins take",
        "",
        "Written by `./lab test tests/contract --update-goldens` from the plugins' own schemas;",
        "a test holds it against the installed SDKs. What is not here is not there.",
    ]
    for plugin in PLUGINS:
        lines += ["", f"## {plugin.name} {plugin.version}"]
        if plugin.config.fields:
            lines += ["", "### Provider", "", *section(plugin.config, ())]
        for kind in plugin.resources:
            lines += ["", f"### {kind.token}", "", *section(kind.inputs, kind.unfilled)]
    return "\n".join(lines) + "\n"


def section(schema: Object, unfilled: Sequence[str]) -> Iterator[str]:
    yield f"Takes {', '.join(f'`{name}`' for name in sorted(schema.fields))}."
    found = sorted(refusals(schema))
    if found:
        yield from ["", "| refused | use |", "|---|---|"]
        yield from (f"| `{path}` | {advice} |" for path, advice in found)
    if unfilled:
        yield from [
            "",
            f"Outputs that stay empty: {', '.join(f'`{n}`' for n in sorted(unfilled))}.",
        ]


def test_the_listing_is_that_of_the_schemas(golden: Callable[[Path, str], None]) -> None:
    golden(LISTING, listing())
