"""The tables of docs/lab-file.md, made from the schema that the readers tell."""

from collections.abc import Iterator, Mapping
from typing import Any

from isolab.labfile.schema import schema
from isolab.labfile.values.shape import Shape

_KINDS = {"string": "text", "number": "a number", "boolean": "true or false"}


def tables() -> Mapping[str, str]:
    """Where a mapping with known keys stands, as a path, to a Markdown table of its keys.

    NAME in a path is any name, [] any item of a list; the path of the file itself is empty.
    """
    found: dict[str, str] = {}
    for path, shape in _mappings(schema(), ""):
        found.setdefault(path, _table(shape))
    return found


def _mappings(shape: Shape, path: str) -> Iterator[tuple[str, Shape]]:
    """All mappings with known keys, each before those inside it."""
    if "properties" in shape:
        yield path, shape
        for key, below in shape["properties"].items():
            yield from _mappings(below, f"{path}.{key}".lstrip("."))
    others: Any = shape.get("additionalProperties")
    if others:
        yield from _mappings(others, f"{path}.NAME")
    if "items" in shape:
        yield from _mappings(shape["items"], f"{path}[]")
    for form in shape.get("anyOf", ()):
        yield from _mappings(form, path)


def _table(shape: Shape) -> str:
    needed = {key for key in shape["properties"] if _needed(shape, key)}
    lines = ["| key | takes | |", "|---|---|---|"]
    for key, below in shape["properties"].items():
        says = below["description"] + (" Needed." if key in needed else "")
        lines.append(f"| `{key}` | {_takes(below)} | {says} |")
    return "\n".join(lines)


def _needed(shape: Shape, key: str) -> bool:
    return {"anyOf": [{"required": [key]}]} in shape.get("allOf", ())


def _takes(shape: Shape) -> str:
    """The forms that a value may have, in words."""
    if "anyOf" in shape and "title" not in shape:
        forms = dict.fromkeys(_takes(form) for form in shape["anyOf"])
        return ", or ".join(form for form in forms if form)
    match shape.get("type"):
        case "null":
            return ""
        case "array" | ["array", "null"]:
            return f"a list: {_takes(shape['items'])}"
        case "object" | ["object", "null"] if "properties" in shape:
            return "a mapping, see below"
        case "object" | ["object", "null"]:
            others = shape["additionalProperties"]
            inside = _takes(others) if "title" in others or "anyOf" in others else ""
            return f"names to {inside}" if inside and "see below" not in inside else "a mapping"
        case _:
            return str(shape.get("title", "anything"))
