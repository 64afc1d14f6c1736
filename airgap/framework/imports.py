"""Resources that were made elsewhere: what their inputs would have been, and what then changes."""

from collections.abc import Mapping
from typing import Any

from airgap.framework.schema import Bag, Kind, List, Object

MARK = "__imported"
"""Stands among the inputs until a program says what it wants of the resource."""


def imported(schema: Object, state: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that a resource's state tells."""
    return {MARK: True, **_told(state, schema)}


def is_imported(inputs: Mapping[str, Any]) -> bool:
    """Whether nobody but the resource's own state has told these inputs."""
    return bool(inputs.get(MARK))


def _told(value: Any, kind: Kind) -> Any:
    match kind:
        case Object() if isinstance(value, Mapping):
            found = {n: _told(value[n], f.kind) for n, f in kind.fields.items() if n in value}
            return {name: each for name, each in found.items() if each not in (None, "", [], {})}
        case List() | Bag() if isinstance(value, list):
            return [_told(each, kind.of) for each in value]
        case _:
            return value
