"""Compose's `include`: files that are taken as they are, with paths and variables of their own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path

from isolab.labfile.compose import merge
from isolab.labfile.environment import read_file
from isolab.labfile.keys import INCLUDE, INCLUDED
from isolab.labfile.syntax.node import Broken, Invalid, Node, Origin, Reader, Report, did_you_mean
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import EXTENSION, Fields, Gathering, forms, many
from isolab.labfile.values.shape import Shaped, describe

SECTIONS = ("services", "networks", "volumes", "secrets", "configs")
Complete = Callable[[Path, Origin, Node], Node]
"""The root of an included file with what it extends and includes; the node is who includes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Include:
    """One entry of the list."""

    paths: tuple[Path, ...]
    project_directory: Path | None
    env_files: tuple[Path, ...]
    node: Node


def _short(node: Node) -> Include:
    return Include(paths=(scalars.local(node),), project_directory=None, env_files=(), node=node)


def _one(node: Node) -> tuple[Path, ...]:
    return (scalars.local(node),)


_PATHS = forms(text=Shaped(_one, scalars.local.shape), items=many(scalars.local))


def _long(node: Node) -> Include:
    with Fields(node, INCLUDE, "include") as fields:
        paths = fields.need("path", _PATHS, "./compose.yaml")
        folder = fields.get("project_directory", scalars.local, None)
        env_files = fields.get("env_file", _PATHS, ())
        if paths == ():
            fields.add(fields.where("path").problem("does not name a file"))
    return Include(paths=paths, project_directory=folder, env_files=env_files, node=node)


_ENTRY: Reader[Include] = forms(text=Shaped(_short, lambda: describe(scalars.local)), mapping=_long)
include: Reader[tuple[Include, ...]] = many(_ENTRY)


def resolved(root: Node, complete: Complete, report: Report) -> Node:
    """The file with all that it includes, as far as that fits."""
    if not isinstance(root.value, Mapping) or "include" not in root.value:
        return root
    fields = dict(root.value)
    asking = fields.pop("include")
    try:
        entries = asking.items() if asking.value is not None else ()
    except Invalid as invalid:
        report(invalid.problems)
        entries = (asking.holding(Broken()),)
    for entry in entries:
        try:
            if isinstance(entry.value, Broken):
                raise Invalid(())
            sections = _included(_ENTRY(entry), complete)
        except Invalid as invalid:
            report(invalid.problems)
            # What it would have brought is not known: nobody shall miss it.
            fields.setdefault("services", entry.holding(Broken()))
            continue
        for section, theirs in sections.items():
            fields[section] = _joined(section, fields.get(section), theirs)
    return root.holding(fields)


def _included(one: Include, complete: Complete) -> Mapping[str, Node]:
    """What the files of one entry say, laid over each other."""
    folder = one.project_directory or one.paths[0].parent
    beside = folder / ".env"
    files = one.env_files or ((beside,) if isfile(beside) else ())
    variables: dict[str, str] = {}
    with Gathering() as gathering:
        for file in files:
            node = one.node.seeing(variables)
            values = gathering.read(node, lambda node, file=file: read_file(node, file)) or {}
            variables |= {name: value for name, value in values.items() if value is not None}
    origin = Origin(
        folder=folder,
        variables={**variables, **one.node.origin.variables},
        unset_is_empty=True,
    )
    root = complete(one.paths[0], origin, one.node)
    for path in one.paths[1:]:
        root = merge.file(root, complete(path, origin, one.node))
    with Gathering() as gathering:
        for key, value in root.mapping().items():
            if key not in INCLUDED and not key.startswith(EXTENSION):
                hint = did_you_mean(key, INCLUDED) or f"set it in {one.node.position.file}"
                gathering.add(value.problem(f"an included file cannot set {key!r}", hint))
    return {key: value for key, value in root.mapping().items() if key in SECTIONS}


def _joined(section: str, ours: Node | None, theirs: Node) -> Node:
    """A section with what a file brings along; what this file says is laid over it."""
    if ours is None or ours.value is None:
        return theirs
    if not isinstance(ours.value, Mapping) or not isinstance(theirs.value, Mapping):
        return ours
    lay = merge.service if section == "services" else merge.plain
    values = dict(ours.value)
    for name, value in theirs.value.items():
        mine = values.get(name)
        values[name] = value if mine is None or plain(mine) == plain(value) else lay(value, mine)
    return ours.holding(values)


def plain(node: Node) -> object:
    """The node's value without places."""
    match node.value:
        case tuple():
            return [plain(item) for item in node.value]
        case Mapping():
            return {key: plain(value) for key, value in node.value.items()}
        case _:
            return node.value
