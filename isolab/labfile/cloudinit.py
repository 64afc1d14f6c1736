"""What a guest is told at its first boot beside what isolab tells it: users, packages, files."""

import posixpath
import re

from isolab.labfile.syntax.node import Node
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, forms, many
from isolab.labfile.values.shape import accepts, text_like
from isolab.model import CloudInit, GuestFile, GuestUser

_KEYS = {
    "users": "Users beside root; they log in by key.",
    "packages": "Debian packages; the guest needs a mirror that it reaches.",
    "write_files": "Files that are there from the first boot on.",
}
_USER = {
    "name": "The user's name.",
    "gecos": "The user's full name.",
    "groups": "Further groups, a list or words between commas.",
    "shell": "Its shell; without it, /bin/sh.",
    "sudo": "What it may do as root, where sudo is installed: ALL=(ALL) NOPASSWD:ALL.",
    "ssh_authorized_keys": "The keys it logs in with.",
}
_FILE = {
    "path": "Where it is on the guest.",
    "content": "The content of the file.",
    "permissions": "In octal, as '0644', which is the default.",
    "owner": "user:group; without it, root:root.",
}
_OUTSIDE = {
    "runcmd": "write a systemd unit with write_files, or make an image of your own",
    "bootcmd": "write a systemd unit with write_files, or make an image of your own",
    "ssh_authorized_keys": "isolab sets root's; give them to a user under cloud_init.users",
    "chpasswd": "users log in with a key: use ssh_authorized_keys",
    "hostname": "a guest's name is that of its entry under guests",
}
_NAME = r"[a-z_][a-z0-9_-]{0,31}"
_PACKAGE = r"[a-z0-9][a-z0-9+.-]+(?:=[A-Za-z0-9.+:~-]+)?"
_OWNER = rf"{_NAME}(?::{_NAME})?"
_DEFAULT_USER = GuestUser(name="")
_DEFAULT_FILE = GuestFile(path="", content="")


def cloud_init(node: Node) -> CloudInit:
    """The keys of cloud-init that a lab file may use; the rest would reach into isolab's own."""
    with Fields(node, _KEYS, "cloud_init", _OUTSIDE) as fields:
        told = CloudInit(
            users=fields.get("users", many(_USER_FORMS), ()),
            packages=fields.get("packages", many(_package), ()),
            write_files=fields.get("write_files", many(_file), ()),
        )
    return told


_name = scalars.matching(
    "a user's name",
    _NAME,
    "is not a valid name of a user or group",
    "small letters, digits, - and _",
)


@accepts(text_like("a user's name", _NAME))
def _short_user(node: Node) -> GuestUser:
    return GuestUser(name=_name(node))


def _long_user(node: Node) -> GuestUser:
    with Fields(
        node, _USER, "a user", {"passwd": "users log in with a key: use ssh_authorized_keys"}
    ) as fields:
        user = GuestUser(
            name=fields.need("name", _name, "kim"),
            gecos=fields.get("gecos", scalars.text, _DEFAULT_USER.gecos),
            groups=fields.get("groups", _GROUPS, _DEFAULT_USER.groups),
            shell=fields.get("shell", _path, _DEFAULT_USER.shell),
            sudo=fields.get("sudo", scalars.text, _DEFAULT_USER.sudo),
            ssh_authorized_keys=fields.get("ssh_authorized_keys", many(scalars.filled), ()),
        )
    return user


@accepts(text_like("groups between commas", rf"{_NAME}(?:\s*,\s*{_NAME})*"))
def _words(node: Node) -> tuple[str, ...]:
    return tuple(_name(node.holding(word.strip())) for word in scalars.text(node).split(","))


_GROUPS = forms(text=_words, items=many(_name))
_USER_FORMS = forms(text=_short_user, mapping=_long_user)


_package = scalars.matching(
    "a package's name",
    _PACKAGE,
    "is not a valid package name",
    "give a name that apt-get install accepts",
)


def _file(node: Node) -> GuestFile:
    with Fields(node, _FILE, "a file") as fields:
        file = GuestFile(
            path=fields.need("path", _path, "/etc/motd"),
            content=fields.need("content", scalars.text, "hello"),
            permissions=fields.get("permissions", _permissions, _DEFAULT_FILE.permissions),
            owner=fields.get("owner", _owner, _DEFAULT_FILE.owner),
        )
    return file


@accepts(text_like("an absolute path on the guest", "/.+"))
def _path(node: Node) -> str:
    path = scalars.filled(node)
    if not path.startswith("/") or posixpath.normpath(path) != path or path == "/":
        node.refuse(f"{node.shown} given, expected an absolute path on the guest")
    return path


@accepts(text_like("permissions such as '0644'", "0[0-7]{3,4}"))
def _permissions(node: Node) -> int:
    """Octal digits that start with 0: 644 alone would be another number in YAML."""
    if not isinstance(node.value, str) or not re.fullmatch(r"0[0-7]{3,4}", node.value):
        node.refuse(f"{node.shown} given, expected permissions such as '0644'")
    return int(node.value, 8)


_owner = scalars.matching("user:group", _OWNER, "given, expected an owner such as root:root")
