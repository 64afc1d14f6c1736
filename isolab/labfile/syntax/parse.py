"""YAML text to nodes: the syntax, anchors, merge keys and variables, before any meaning."""

# PyYAML comes without types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from isolab.labfile.syntax.interpolation import BadVariable, UnsetAsEmpty, interpolate
from isolab.labfile.syntax.loader import FLOAT, INT, TAG, Loader, number
from isolab.labfile.syntax.node import Broken, Invalid, Node, Origin, Scalar
from isolab.model import Path, Position, Problem

MOST_NODES = 100_000
"""Anchors within anchors grow without bounds; no lab is that big."""
KNOWN_TAGS = "Compose knows !reset and !override, for what lies below"
_MAPPING, _SEQUENCE = f"{TAG}map", f"{TAG}seq"


def parse(
    path: FilePath, origin: Origin, text: str | None = None
) -> tuple[Node, tuple[Problem, ...]]:
    """The file's root node and what is wrong in it; Invalid where there is no root at all.

    A text that is given is read as if the file held it.
    """
    file = str(path)
    top = Position(file=file, line=1, column=1)

    def fail(message: str, position: Position = top, hint: str = "") -> Invalid:
        problem = Problem(position=position, path="", message=message, hint=hint)
        return Invalid((problem,))

    try:
        root = yaml.compose(
            path.read_text(encoding="utf-8") if text is None else text, Loader=Loader
        )
    except OSError as error:
        raise fail(f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise fail("is not text in UTF-8") from error
    except RecursionError as error:
        raise fail("is nested too deeply to be a lab file") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Position(file=file, line=mark.line + 1, column=mark.column + 1) if mark else top
        said = error.problem or error.context or ""
        if "'\\t'" in said:
            raise fail(
                "a tab is used, but YAML indents with spaces", place, "replace the tab with spaces"
            ) from error
        if said == "but found another document":
            hint = "put each into a file of its own: include takes several"
            raise fail("is more than one YAML document", place, hint) from error
        raise fail(f"is not valid YAML: {said}", place) from error
    except (yaml.YAMLError, ValueError) as error:
        raise fail(f"is not valid YAML: {' '.join(str(error).split())}") from error
    if root is None:
        raise fail("is empty", hint="start with name: and services:")
    tree = _Tree(file, origin)
    try:
        return tree.node(root, (), tree.position(root)), tuple(tree.problems)
    except RecursionError as error:
        raise fail("is nested too deeply to be a lab file") from error
    except _TooMuch as error:
        raise fail(
            f"has more than {MOST_NODES} values",
            hint="check its anchors and aliases: they multiply values",
        ) from error


def dump(values: Mapping[str, Any]) -> str:
    """YAML text that reads as these values."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def _untagged(source: yaml.Node) -> yaml.Node:
    """The value as it would be read without its tag."""
    plain = copy(source)
    match source:
        case ScalarNode():
            unquoted = source.style is None
            plain.tag = Loader("").resolve(ScalarNode, source.value, (unquoted, True))
        case SequenceNode():
            plain.tag = _SEQUENCE
        case _:
            plain.tag = _MAPPING
    return plain


class _TooMuch(Exception):
    """Anchors within anchors within anchors."""


class _Tree:
    """One walk over the composed file. What is wrong in it stands in the tree as broken."""

    def __init__(self, file: str, origin: Origin) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._origin = origin
        self._nodes = 0
        self._unset: set[str] = set()
        self._above: list[yaml.Node] = []

    def position(self, node: yaml.Node) -> Position:
        """Where a YAML node starts."""
        mark = node.start_mark
        return Position(file=self._file, line=mark.line + 1, column=mark.column + 1)

    def node(self, source: yaml.Node, path: Path, position: Position) -> Node:
        """The YAML node with all below it."""
        here = Node(path=path, position=position, origin=self._origin, value=Broken())
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise _TooMuch
        try:
            tag = source.tag.removeprefix("!")
            if tag == "reset":
                return replace(here, value=None, merging="reset")
            if tag == "override":
                source = _untagged(source)
                here = replace(here, merging="override")
            if any(source is above for above in self._above):
                here.refuse("an anchor contains itself")
            if not isinstance(source, ScalarNode) and source.tag not in (_MAPPING, _SEQUENCE):
                here.refuse(f"the YAML tag {source.tag} is not supported", KNOWN_TAGS)
            self._above.append(source)
            try:
                return here.holding(self._value(source, here))
            finally:
                self._above.pop()
        except Invalid as invalid:
            self.problems.extend(invalid.problems)
            return here

    def _value(
        self, source: yaml.Node, here: Node
    ) -> Scalar | tuple[Node, ...] | Mapping[str, Node]:
        match source:
            case ScalarNode():
                return self._scalar(source, here)
            case SequenceNode():
                return tuple(
                    self.node(item, (*here.path, index), self.position(item))
                    for index, item in enumerate(source.value)
                )
            case MappingNode():
                return self._mapping(source, here.path)
            case _:
                here.refuse("is not a YAML value")

    def _mapping(self, source: MappingNode, path: Path) -> Mapping[str, Node]:
        """The entries, with those that a merge key brings behind the mapping's own."""
        values: dict[str, Node] = {}
        merges: list[yaml.Node] = []
        for key, value in source.value:
            position = self.position(key)
            place = Node(path=path, position=position, origin=self._origin, value=None)
            if key.tag == f"{TAG}merge":
                merges.append(value)
            elif not isinstance(key, ScalarNode):
                self.problems.append(place.problem("a key must be a word"))
            elif key.value in values:
                first = values[key.value].position.line
                message = f"{key.value!r} is given twice, first in line {first}"
                self.problems.append(place.problem(message))
            else:
                values[key.value] = self.node(value, (*path, key.value), position)
        for merge in merges:
            for other in self._merged(merge, path):
                values = {**other, **values}
        return values

    def _merged(self, source: yaml.Node, path: Path) -> tuple[Mapping[str, Node], ...]:
        parts = source.value if isinstance(source, SequenceNode) else [source]
        nodes = [self.node(part, path, self.position(part)) for part in parts]
        broken = any(isinstance(node.value, Broken) for node in nodes)
        if not broken and not all(isinstance(node.value, Mapping) for node in nodes):
            here = Node(path=path, position=self.position(source), origin=self._origin, value=None)
            self.problems.append(here.problem("<< takes a mapping or a list of mappings"))
            broken = True
        return () if broken else tuple(node.mapping() for node in nodes)

    def _filled(self, text: str, here: Node) -> str:
        """With its variables; each that is not set is told once."""
        if not self._origin.unset_is_empty:
            return interpolate(text, self._origin.variables)
        variables = UnsetAsEmpty(self._origin.variables)
        filled = interpolate(text, variables)
        for name in dict.fromkeys(variables.unset):
            if name not in self._unset:
                message = f"the variable {name} is not set: empty, as in Compose"
                hint = f"set it in the .env beside the file: {name}=value"
                self.problems.append(replace(here.problem(message, hint), severity="warning"))
        self._unset.update(variables.unset)
        return filled

    def _scalar(self, source: ScalarNode, here: Node) -> Scalar:
        tag, text = source.tag, source.value
        if "$" in text:
            try:
                text = self._filled(text, here)
            except BadVariable as bad:
                if bad.unset in self._unset:
                    raise Invalid(()) from bad
                self._unset.update({bad.unset} - {""})
                here.refuse(bad.message, bad.hint)
            # As in Compose, what is filled in is text: 24.10 is no number, and nothing is no null.
            tag = f"{TAG}str"
        match tag.removeprefix(TAG):
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int" if INT.fullmatch(text) and len(text) < 20:
                return number(text)
            case "float" if FLOAT.fullmatch(text):
                return float(text)
            case "int" | "float" | "str" | "merge":
                return text
            case _:
                here.refuse(f"the YAML tag {tag} is not supported", KNOWN_TAGS)


def places(node: Node) -> Iterator[tuple[Path, Position]]:
    """Where each value of the tree stands."""
    yield node.path, node.position
    match node.value:
        case tuple():
            below = node.value
        case Mapping():
            below = tuple(node.value.values())
        case _:
            below = ()
    for child in below:
        yield from places(child)
