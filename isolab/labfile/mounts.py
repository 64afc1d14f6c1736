"""What a container finds in its file tree: volumes, copies of the host's files, memory."""

import re
from os.path import abspath, exists
from pathlib import Path

from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.quantities import size_in_bytes
from isolab.labfile.values.reading import Fields, forms
from isolab.labfile.values.shape import accepts, text_like
from isolab.model import BindMount, GuestMount, VolumeMount

OF_THE_MACHINE = (
    "/proc",
    "/sys",
    "/dev",
    "/run",
    "/var/run",
    "/var/lib/docker",
    "/var/log",
    "/boot",
    "/lib/modules",
)
"""Folders that are the state of a running machine: in Compose of the one that Docker runs on."""
SOCKETS = ("/var/run/docker.sock", "/run/docker.sock")
"""Where Docker listens; a socket of this name elsewhere is that of a Docker without root."""
_MODES = ("ro", "rw")
_PROPAGATION = ("rprivate", "private", "rslave", "slave")
"""Nothing is mounted below a copy later on, so that all of these are the same."""
_NO_EFFECT = ("z", "Z", "cached", "delegated", "consistent")
"""For SELinux and Docker Desktop: on a Linux without SELinux, Docker passes over them too."""
_KEYS = {
    "type": "volume, bind or tmpfs.",
    "source": "The volume's name, or the path on this machine.",
    "target": "Where it is in the container.",
    "read_only": "Whether the container may only read it.",
    "bind": "For a bind mount.",
    "volume": "For a named volume.",
    "tmpfs": "For a tmpfs: its size and its mode.",
    "consistency": "For Docker Desktop; no effect on Linux.",
}
_BIND = {
    "create_host_path": "Whether a missing folder is an empty one, which is the default.",
    "selinux": "No effect: guests have no SELinux.",
    "propagation": "private or rprivate, which all mounts are; a slave is one as well.",
}
_VOLUME = {"nocopy": "Only false is taken: Docker fills an empty volume from the image."}
_OUTSIDE_VOLUME = {"subpath": "give that part a volume of its own"}
_OUTSIDE_BIND = {"recursive": "leave it out: what is mounted below a folder comes along"}
_OUTSIDE = {
    "cluster": "it is for Swarm: give the service a volume",
    "image": "type: image needs a newer Docker: copy the files in the image that needs them",
}
_TMPFS = {"size": "How much memory it may take.", "mode": "Its permissions, in octal."}

Mount = VolumeMount | BindMount | GuestMount | str
"""The last one is a tmpfs in Compose's form: /path or /path:options."""


def _long(node: Node) -> Mount:
    with Fields(node, _KEYS, "a volume", _OUTSIDE) as fields:
        kind = fields.need("type", scalars.choice("volume", "tmpfs", "bind"), "volume")
        source = fields.get("source", scalars.text, "")
        target = fields.need("target", scalars.absolute, "/var/lib/data")
        read_only = fields.get("read_only", scalars.flag, False)
        options = fields.get("tmpfs", _tmpfs_options, "")
        create = fields.get("bind", _bind_options, True)
        fields.get("volume", _volume_options, None)
        fields.get("consistency", scalars.choice("cached", "delegated", "consistent"), "cached")
        if kind in ("volume", "tmpfs") and "bind" in fields:
            fields.add(fields.where("bind").problem(f"bind cannot be used with type {kind}"))
        if kind in ("volume", "bind") and "tmpfs" in fields:
            fields.add(fields.where("tmpfs").problem(f"tmpfs cannot be used with type {kind}"))
        if kind == "tmpfs" and source:
            fields.add(fields.where("source").problem("a tmpfs has no source"))
        if kind == "bind" and not source:
            fields.add(node.problem("source is missing", "for example source: ./html"))
    if kind == "tmpfs":
        return f"{target}:{options}" if options else target
    if kind == "bind":
        return _bind(fields.where("source"), source, target, read_only=read_only, create=create)
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
        if option not in (*_MODES, *_NO_EFFECT, *_PROPAGATION):
            hint = "mounts inside a container are its own" if "shared" in option else ""
            node.refuse(f"the mode {option!r} is not supported, expected ro or rw", hint)
        read_only = read_only or option == "ro"
    target = scalars.absolute(node.holding(target))
    if source.startswith(("/", ".", "~")):
        return _bind(node, source, target, read_only=read_only)
    if "/" in source:
        node.refuse(
            f"{source!r} is not a valid volume name", f"a local folder starts with ./: ./{word}"
        )
    return VolumeMount(volume=source, target=target, read_only=read_only)


mount: Reader[Mount] = forms(text=_short, mapping=_long)
"""A named or anonymous volume, a bind mount, or a tmpfs."""


def _bind(
    node: Node, word: str, target: str, *, read_only: bool, create: bool = True
) -> BindMount | GuestMount:
    """A file or folder that the guest gets a copy of, or one of the guest itself."""
    shown = node.origin.path(word)
    source = Path(abspath(shown))
    if source.name == "docker.sock":
        socket = str(source) if str(source) in SOCKETS else SOCKETS[0]
        return GuestMount(source=socket, target=target, read_only=read_only)
    if source == Path("/") or any(source.is_relative_to(folder) for folder in OF_THE_MACHINE):
        return GuestMount(source=str(source), target=target, read_only=read_only)
    missing = not exists(source)
    if missing and not create:
        node.refuse(f"{shown} is not there, and create_host_path is false")
    return BindMount(source=str(source), target=target, read_only=read_only, missing=missing)


def _bind_options(node: Node) -> bool:
    """Whether a missing folder is an empty one."""
    with Fields(node, _BIND, "a bind mount", _OUTSIDE_BIND) as fields:
        create = fields.get("create_host_path", scalars.flag, True)
        fields.get("selinux", scalars.choice("z", "Z"), "z")
        fields.get("propagation", scalars.choice(*_PROPAGATION), "rprivate")
    return create


def _volume_options(node: Node) -> None:
    with Fields(node, _VOLUME, "a volume", _OUTSIDE_VOLUME) as fields:
        fields.get(
            "nocopy", scalars.only(word=False, hint="mount it where the image has nothing"), False
        )


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
