"""Secrets and configs: where they come from, and where containers find them."""

import re
from base64 import b64encode
from collections.abc import Callable
from typing import Literal

from isolab.labfile.names import check_compose_name
from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, forms
from isolab.labfile.values.shape import Shaped, accepts, describe, one_of
from isolab.model import FileMount, Secret

Kind = Literal["secret", "config"]
_NUMBER = scalars.integer(0, 2**32 - 2)
_FOLDER = {"secret": "/run/secrets/", "config": "/"}
_MOUNT = {
    "source": "Its name at the top level of the lab file.",
    "target": "Its path in the container, or its name in the usual folder.",
    "uid": "The number of the user who owns it; without it, root.",
    "gid": "The number of its group; without it, root's.",
    "mode": "Its permissions, in octal.",
}
_SOURCE = {
    "content": "What is in it.",
    "environment": "The variable that holds it.",
    "file": "The file that holds it, relative to the lab file.",
}
_NO_EFFECT = {
    "name": "No effect: its key in the lab file is its name.",
    "labels": "No effect: isolab does not use its labels.",
}
_OUTSIDE = {
    "driver": "it is for Swarm: give content or file",
    "driver_opts": "it is for Swarm: give content or file",
    "template_driver": "it is for Swarm: variables in content are filled in",
}
_EXTERNAL = {"external": "Derived from the stack's seed: all who share the stack agree on it."}


def mounted(kind: Kind) -> Reader[FileMount]:
    """A secret or config in a container: by its name alone, or with where and how."""

    def short(node: Node) -> FileMount:
        return _mount(kind, scalars.filled(node), "", 0o444, "")

    def long(node: Node) -> FileMount:
        with Fields(node, _MOUNT, f"a {kind}") as fields:
            source = fields.need("source", scalars.filled, "password")
            target = fields.get("target", scalars.text, "")
            mode = fields.get("mode", _mode, 0o444)
            owner = fields.get("uid", _NUMBER, None), fields.get("gid", _NUMBER, None)
        return _mount(
            kind,
            source,
            target,
            mode,
            "" if owner == (None, None) else f"{owner[0] or 0}:{owner[1] or 0}",
        )

    return forms(text=Shaped(short, lambda: describe(scalars.filled)), mapping=long)


def _mount(kind: Kind, source: str, target: str, mode: int, owner: str) -> FileMount:
    target = target or source
    path = target if target.startswith("/") else _FOLDER[kind] + target
    return FileMount(kind=kind, source=source, target=path, mode=mode, owner=owner)


@accepts({"title": "a file mode such as 0440", "type": ["integer", "string"]})
def _mode(node: Node) -> int:
    """A file mode: 0440 and "0440" are octal, as in Compose; a bare number is taken as it is."""
    if isinstance(node.value, str) and re.fullmatch(r"0?[0-7]{3}", node.value):
        return int(node.value, 8)
    if isinstance(node.value, int) and 0 <= node.value <= 0o777:
        return int(node.value)
    node.refuse(f"{node.shown} given, expected a file mode such as 0440")


def source(kind: Kind) -> Callable[[str, Node], Secret]:
    """A secret or config of the lab, and where its content comes from."""

    known = _SOURCE | (_EXTERNAL if kind == "secret" else {})
    outside = _OUTSIDE | {"external": "isolab does not read external ones: give content or file"}

    def read(name: str, node: Node) -> Secret:
        check_compose_name(node, name, f"a {kind}")
        with Fields(node, known | _NO_EFFECT, f"a {kind}", outside) as fields:
            for key in _NO_EFFECT:
                fields.get(key, scalars.passed_over, None)
            text = fields.get("content", scalars.literal, None)
            text = fields.get("environment", _variable, text)
            held = fields.get("file", _file, None)
            if kind == "secret":
                fields.get("external", _true, None)
            fields.one_of(*known, example="content: hello, or file: ./hello.txt")
        content, encoded = held or (text, False)
        return Secret(name=name, kind=kind, content=content, encoded=encoded)

    return read


@accepts(one_of(True, "true", title="true"))
def _true(node: Node) -> bool:
    return scalars.flag(node) or node.refuse("has no content")


@accepts({"title": "a variable's name", "type": "string"})
def _variable(node: Node) -> str:
    name, variables = scalars.filled(node), node.origin.variables
    if name not in variables:
        node.refuse(f"the variable {name} is not set", f"set {name} in the environment or in .env")
    return variables[name]


@accepts({"title": "a file's path", "type": "string"})
def _file(node: Node) -> tuple[str, bool]:
    """What is in it, byte for byte: as text, or where it is none in base64."""
    path = scalars.local(node)
    try:
        held = path.read_bytes()
    except OSError as error:
        node.refuse(f"{path} cannot be read: {error.strerror or error}")
    try:
        return held.decode(), False
    except ValueError:
        return b64encode(held).decode(), True
