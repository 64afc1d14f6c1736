"""What changed between the inputs of then and now, in the form that the engine shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from airgap.framework.schema import Bag, Kind, List, Map, Object
from airgap.framework.values import Secret, Unknown, plain

What = Literal["add", "update", "delete"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One property that is different."""

    path: str
    """`dns.hosts[1].ip`; its first part is the input it belongs to."""
    what: What
    replaces: bool = False
    """Only a new resource can have it."""

    @property
    def top(self) -> str:
        """The input that it belongs to."""
        return self.path.replace("[", ".").split(".", 1)[0]


def changes(old: Mapping[str, Any], new: Mapping[str, Any], schema: Object) -> list[Change]:
    """Every difference between two sets of plain inputs."""
    found: list[Change] = []
    for name, each in schema.fields.items():
        differences = _compare(old.get(name), new.get(name), each.kind, name, False)
        found += [Change(path=p, what=w, replaces=each.replaces) for p, w in differences]
    return found


def _compare(old: Any, new: Any, kind: Kind, path: str, nested: bool) -> Iterator[tuple[str, What]]:
    if old == new and not isinstance(new, Unknown):
        return
    if isinstance(new, Unknown):
        yield path, "add" if old is None else "update"
        return
    match kind:
        case Object() if isinstance(old, Mapping) and isinstance(new, Mapping):
            for name, each in kind.fields.items():
                yield from _compare(old.get(name), new.get(name), each.kind, f"{path}.{name}", True)
        case Map() if isinstance(old, Mapping) and isinstance(new, Mapping):
            for name in sorted({*old, *new}):
                yield from _compare(old.get(name), new.get(name), kind.of, f"{path}.{name}", True)
        case Bag() | List(ordered=False) if _as_bag(old, kind.of) == _as_bag(new, kind.of):
            return
        case List() if isinstance(old, list) and isinstance(new, list):
            yield from _compare_lists(old, new, kind, path, nested)
        case _:
            yield path, "add" if old is None else "delete" if new is None else "update"


def _compare_lists(
    old: list[Any], new: list[Any], kind: List, path: str, nested: bool
) -> Iterator[tuple[str, What]]:
    if nested and len(old) != len(new):
        yield path, "update"
    for index in range(max(len(old), len(new))):
        before = old[index] if index < len(old) else None
        after = new[index] if index < len(new) else None
        where = f"{path}[{index}]"
        if isinstance(kind.of, Object) and (before is None or after is None):
            for name, each in kind.of.fields.items():
                had = None if before is None else before.get(name)
                gets = None if after is None else after.get(name)
                yield from _compare(had, gets, each.kind, f"{where}.{name}", True)
        else:
            yield from _compare(before, after, kind.of, where, True)


def _as_bag(elements: Any, kind: Kind) -> list[str]:
    """The elements in an order of their own; a field that is empty is one that is not there."""
    return sorted(repr(_lean(each, kind)) for each in elements or [])


def _lean(value: Any, kind: Kind) -> Any:
    match kind:
        case Object() if isinstance(value, Mapping):
            lean = {n: _lean(value[n], kind.fields[n].kind) for n in kind.fields if n in value}
            return sorted((n, each) for n, each in lean.items() if each)
        case Bag() | List(ordered=False) if isinstance(value, list):
            return _as_bag(value, kind.of)
        case _:
            return value


def drifted(inputs: Mapping[str, Any], state: Mapping[str, Any], schema: Object) -> dict[str, Any]:
    """The inputs as they would read had the program asked for the state that was found."""
    return {
        name: _overlay(value, state[name], schema.fields[name].kind)
        if name in state and name in schema.fields
        else value
        for name, value in inputs.items()
    }


def as_read(inputs: Mapping[str, Any], state: Mapping[str, Any], schema: Object) -> dict[str, Any]:
    """What a change is told against: the inputs as they were read back.

    As with the official plugins: a value that a daemon writes in another way than the program is a
    change at each preview.
    """
    more = (name for name, each in schema.fields.items() if not each.unasked and name not in inputs)
    return drifted(inputs, state, schema) | {n: state[n] for n in more if state.get(n)}


def _overlay(wanted: Any, found: Any, kind: Kind) -> Any:
    if isinstance(wanted, Secret):
        return Secret(_overlay(wanted.value, found, kind))
    if plain(wanted) == found:
        return wanted
    if isinstance(wanted, Mapping) and isinstance(found, Mapping) and isinstance(kind, Object):
        return {
            name: _overlay(value, found[name], kind.fields[name].kind)
            if name in found and name in kind.fields
            else value
            for name, value in wanted.items()
        }
    if isinstance(wanted, list) and isinstance(found, list):
        match kind:
            case Bag() | List(ordered=False) if _as_bag(plain(wanted), kind.of) == _as_bag(
                found, kind.of
            ):
                return wanted
            case _:
                pass
        if isinstance(kind, List | Bag) and len(wanted) == len(found):
            return [_overlay(w, f, kind.of) for w, f in zip(wanted, found, strict=True)]
    return found
