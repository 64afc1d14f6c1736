"""What a container finds in its file tree: volumes, copies of the host's files, memory."""

import re
from os.path import abspath, exists
from pathlib import Path

from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.quantities import size_in_bytes
from isolab.labfile.values.reading import Fields, forms
from isolab.labfile.values.shape import accepts, text_like
from isolab.model import BindMount, VolumeMount

THE_HOST_ITSELF = ("/proc", "/sys", "/dev", "/run", "/var/run", "/var/lib/docker", "/boot")
"""Folders that are the state of a running machine: a copy of them means nothing in a guest."""
_MODES = ("ro", "rw")
_NO_EFFECT = ("z", "Z", "cached", "delegated", "consistent")
"""For SELinux and Docker Desktop: on a Linux without SELinux, Docker passes over them too."""
_KEYS = {
    "type": "volume, bind or tmpfs.",
    "source": "The volume's name, or the path on this machine.",
    "target": "Where it is in the container.",
    "read_only": "Whether the container may only read it.",
    "bind": "For a bind mount.",
    "tmpfs": "For a tmpfs: its size and its mode.",
    "consistency": "For Docker Desktop; no effect on Linux.",
}
_BIND = {
    "create_host_path": "Compose's word for making a missing folder; isolab never does.",
    "selinux": "No effect: guests have no SELinux.",
    "propagation": "private or rprivate, which all mounts are.",
}
_TMPFS = {"size": "How much memory it may take.", "mode": "Its permissions, in octal."}

Mount = VolumeMount | BindMount | str
"""The last one is a tmpfs in Compose's form: /path or /path:options."""


def _long(node: Node) -> Mount:
    with Fields(node, _KEYS, "a volume") as fields:
        kind = fields.need("type", scalars.choice("volume", "tmpfs", "bind"), "volume")
        source = fields.get("source", scalars.text, "")
        target = fields.need("target", scalars.absolute, "/var/lib/data")
        read_only = fields.get("read_only", scalars.flag, False)
        options = fields.get("tmpfs", _tmpfs_options, "")
        fields.get("bind", _bind_options, None)
        fields.get("consistency", scalars.choice("cached", "delegated", "consistent"), "cached")
        if kind in ("volume", "tmpfs") and "bind" in fields:
            fields.add(fields.where("bind").problem(f"bind is nothing for a {kind}"))
        if kind in ("volume", "bind") and "tmpfs" in fields:
            fields.add(fields.where("tmpfs").problem(f"tmpfs is nothing for a {kind}"))
        if kind == "tmpfs" and source:
            fields.add(fields.where("source").problem("a tmpfs has no source"))
        if kind == "bind" and not source:
            fields.add(node.problem("source is missing", "for example source: ./html"))
    if kind == "tmpfs":
        return f"{target}:{options}" if options else target
    if kind == "bind":
        return _bind(fields.where("source"), source, target, read_only=read_only)
    return VolumeMount(volume=source, target=target, read_only=read_only)


@accepts(
    text_like(
        "NAME:/path, ./folder:/path or /path, with :ro where it is only read",
        r"/[^:]*|[^:]+:/[^:]*(?::[^:]*)?",
    )
)
def _short(node: Node) -> Mount:
    word = scalars.filled(node)
    source, separator, rest = word.partition(":")
    if not separator:
        return VolumeMount(volume="", target=scalars.absolute(node))
    target, _, options = rest.partition(":")
    read_only = False
    for option in filter(None, options.split(",")):
        if option not in (*_MODES, *_NO_EFFECT):
            node.refuse(f"the mode {option!r} is not supported, expected ro or rw")
        read_only = read_only or option == "ro"
    target = scalars.absolute(node.holding(target))
    if source.startswith(("/", ".", "~")):
        return _bind(node, source, target, read_only=read_only)
    if "/" in source:
        node.refuse(f"{source!r} is no volume's name", f"a folder begins with ./: ./{word}")
    return VolumeMount(volume=source, target=target, read_only=read_only)


mount: Reader[Mount] = forms(text=_short, mapping=_long)
"""A named or anonymous volume, a bind mount, or a tmpfs."""


def _bind(node: Node, word: str, target: str, *, read_only: bool) -> BindMount:
    """A file or folder that the guest can get a copy of."""
    shown = node.origin.path(word)
    source = Path(abspath(shown))
    if source.name == "docker.sock":
        node.refuse(
            f"{word} is the host's Docker, which no guest can reach",
            "whoever holds it holds the whole host: a lab has no service that does",
        )
    if source == Path("/") or any(source.is_relative_to(folder) for folder in THE_HOST_ITSELF):
        node.refuse(
            f"{word} is the running host itself, and a guest gets a copy of what it mounts",
            "name a folder with files in it, or use a named volume",
        )
    if not exists(source):
        node.refuse(
            f"{shown} is not there",
            f"what the container writes lies in a named volume, {_volume_for(word)}:{target}; "
            "what it reads must be there, since the guest gets a copy",
        )
    return BindMount(source=str(source), target=target, read_only=read_only)


def _volume_for(word: str) -> str:
    """A volume's name after the folder's."""
    return "-".join(re.findall(r"[a-zA-Z0-9]+", word)) or "data"


def _bind_options(node: Node) -> None:
    with Fields(node, _BIND, "a bind mount") as fields:
        fields.get("create_host_path", scalars.flag, False)
        fields.get("selinux", scalars.choice("z", "Z"), "z")
        fields.get("propagation", scalars.choice("rprivate", "private"), "rprivate")


def _tmpfs_options(node: Node) -> str:
    with Fields(node, _TMPFS, "a tmpfs") as fields:
        size = fields.get("size", size_in_bytes, None)
        mode = fields.get("mode", _mode, None)
    parts = [
        f"size={_short_size(size)}" if size else "",
        f"mode={mode:o}" if mode is not None else "",
    ]
    return ",".join(part for part in parts if part)


@accepts({"title": "a file mode such as 1777", "type": ["integer", "string"]})
def _mode(node: Node) -> int:
    if isinstance(node.value, str) and re.fullmatch(r"(?:0o?)?[0-7]{3,4}", node.value):
        return int(node.value.removeprefix("0o"), 8)
    return scalars.integer(0, 0o7777)(node)


def _short_size(size: int) -> str:
    return f"{size // 2**20}m" if size % 2**20 == 0 else str(size)


@accepts(text_like("an absolute path, with options: /tmp or /tmp:size=16m", r"/.*"))
def tmpfs(node: Node) -> str:
    """A path in memory: /tmp or /tmp:size=16m."""
    word = scalars.text(node)
    if not word.startswith("/"):
        node.refuse(f"{word!r} given, expected an absolute path in the container")
    return word
