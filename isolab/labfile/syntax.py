"""YAML text to nodes: the syntax, anchors, merge keys and variables, before any meaning."""

# PyYAML comes without types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import re
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from isolab.labfile.interpolation import BadVariable, interpolate
from isolab.labfile.node import Gathering, Invalid, Node, Scalar
from isolab.model import Path, Position, Problem

MOST_NODES = 100_000
"""Anchors within anchors grow without bounds; no lab is that big."""
_TAG = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")


class _Loader(yaml.SafeLoader):
    """YAML 1.2's plain scalars: 22:22 is no number, and yes and no are words."""

    @classmethod
    def resolves(cls, tag: str, pattern: str, first: str) -> None:
        """Plain scalars of this pattern are of this tag."""
        letters = list(first) or [""]
        cls.add_implicit_resolver(f"{_TAG}{tag}", re.compile(rf"(?:{pattern})$"), letters)


_Loader.yaml_implicit_resolvers = {}


_Loader.resolves("null", r"~|null|Null|NULL", "~nN")
_Loader.resolves("null", "", "")
_Loader.resolves("bool", r"true|True|TRUE|false|False|FALSE", "tTfF")
_Loader.resolves("int", _INT.pattern, "-+0123456789")
_Loader.resolves("float", _FLOAT.pattern, "-+.0123456789")
_Loader.resolves("merge", "<<", "<")


def parse(path: FilePath, variables: Mapping[str, str]) -> Node:
    """The file's root node, or Invalid with what keeps it from being read."""
    file = str(path)
    top = Position(file=file, line=1, column=1)

    def fail(message: str, position: Position = top, hint: str = "") -> Invalid:
        problem = Problem(position=position, path="", message=message, hint=hint)
        return Invalid((problem,))

    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise fail(f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise fail("is no text in UTF-8") from error
    except RecursionError as error:
        raise fail("is nested too deeply to be a lab file") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Position(file=file, line=mark.line + 1, column=mark.column + 1) if mark else top
        raise fail(f"is no valid YAML: {error.problem or error.context}", place) from error
    except (yaml.YAMLError, ValueError) as error:
        raise fail(f"is no valid YAML: {' '.join(str(error).split())}") from error
    if root is None:
        raise fail("is empty", hint="start with name: and services:")
    return _Tree(file, variables).build(root)


class _Tree:
    """One walk over the composed file."""

    def __init__(self, file: str, variables: Mapping[str, str]) -> None:
        self._file = file
        self._variables = variables
        self._nodes = 0
        self._above: list[yaml.Node] = []

    def build(self, root: yaml.Node) -> Node:
        try:
            return self._node(root, (), self._position(root))
        except RecursionError as error:
            node = Node(path=(), position=self._position(root), value=None)
            raise Invalid((node.problem("is nested too deeply to be a lab file"),)) from error

    def _position(self, node: yaml.Node) -> Position:
        mark = node.start_mark
        return Position(file=self._file, line=mark.line + 1, column=mark.column + 1)

    def _node(self, source: yaml.Node, path: Path, position: Position) -> Node:
        here = Node(path=path, position=position, value=None)
        self._nodes += 1
        if self._nodes > MOST_NODES:
            here.refuse(f"the file has more than {MOST_NODES} values", "look at its anchors")
        if any(source is above for above in self._above):
            here.refuse("an anchor contains itself")
        if not isinstance(source, ScalarNode) and source.tag not in (f"{_TAG}map", f"{_TAG}seq"):
            here.refuse(f"the YAML tag {source.tag} is not supported")
        self._above.append(source)
        try:
            match source:
                case ScalarNode():
                    value = self._scalar(source, here)
                case SequenceNode():
                    value = self._sequence(source, path)
                case MappingNode():
                    value = self._mapping(source, path)
                case _:
                    here.refuse("is no YAML value")
        finally:
            self._above.pop()
        return Node(path=path, position=position, value=value)

    def _sequence(self, source: SequenceNode, path: Path) -> tuple[Node, ...]:
        with Gathering() as gathering:
            items = tuple(
                gathering.read(
                    Node(path=(*path, index), position=self._position(item), value=None),
                    lambda here, item=item: self._node(item, here.path, here.position),
                )
                for index, item in enumerate(source.value)
            )
        return items

    def _mapping(self, source: MappingNode, path: Path) -> Mapping[str, Node]:
        """The entries, with those that a merge key brings behind the mapping's own."""
        values: dict[str, Node] = {}
        with Gathering() as gathering:
            merges: list[yaml.Node] = []
            for key, value in source.value:
                place = Node(path=path, position=self._position(key), value=None)
                if key.tag == f"{_TAG}merge":
                    merges.append(value)
                elif not isinstance(key, ScalarNode):
                    gathering.add(place.problem("a key must be a word"))
                elif key.value in values:
                    first = values[key.value].position.line
                    gathering.add(
                        place.problem(f"{key.value!r} stands twice, first in line {first}")
                    )
                else:
                    values[key.value] = gathering.read(
                        Node(path=(*path, key.value), position=place.position, value=None),
                        lambda here, value=value: self._node(value, here.path, here.position),
                    )
            for merge in merges:
                here = Node(path=path, position=self._position(merge), value=None)
                for other in (
                    gathering.read(here, lambda here, m=merge: self._merged(m, here)) or ()
                ):
                    values = {**other, **values}
        return values

    def _merged(self, source: yaml.Node, here: Node) -> tuple[Mapping[str, Node], ...]:
        parts = source.value if isinstance(source, SequenceNode) else [source]
        nodes = tuple(self._node(part, here.path, here.position) for part in parts)
        if not all(isinstance(node.value, Mapping) for node in nodes):
            here.refuse("<< takes a mapping or a list of mappings")
        return tuple(node.mapping() for node in nodes)

    def _scalar(self, source: ScalarNode, here: Node) -> Scalar:
        tag, text = source.tag, source.value
        if "$" in text:
            try:
                text = interpolate(text, self._variables)
            except BadVariable as bad:
                here.refuse(bad.message, bad.hint)
            if source.style is None:
                tag = _Loader("").resolve(ScalarNode, text, (True, False))
        match tag.removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int" if _INT.fullmatch(text) and len(text) < 20:
                return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
            case "float" if _FLOAT.fullmatch(text):
                return float(text)
            case "int" | "float" | "str" | "merge":
                return text
            case _:
                here.refuse(f"the YAML tag {tag} is not supported")


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
