"""Readers of a service's single settings, those that no other module is about."""

import re
from collections.abc import Mapping

from isolab.labfile import ipam
from isolab.labfile.keys import LOGGING, NETWORK, OUTSIDE_NETWORK
from isolab.labfile.names import COMPOSE_NAME, check_compose_name
from isolab.labfile.syntax.node import Node, did_you_mean
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, each, forms, many
from isolab.labfile.values.shape import Shaped, accepts, text_like
from isolab.labfile.values.tables import table

RESTART = ("no", "always", "on-failure", "unless-stopped")
_RESTART = r"no|always|unless-stopped|on-failure(?::[1-9]\d{0,3})?"
_TEXTS = many(scalars.filled)


@accepts(text_like(" or ".join(RESTART), rf"{_RESTART}|false"))
def restart(node: Node) -> str:
    """When Docker starts a container again."""
    word = "no" if node.value in (False, "false") else scalars.text(node)
    if not re.fullmatch(_RESTART, word, re.ASCII):
        hint = did_you_mean(word, RESTART)
        node.refuse(f"{node.shown} given, expected {' or '.join(RESTART)}", hint)
    return word


Joined = Mapping[str, tuple[tuple[str, ...], str]]
"""Networks to the aliases and the address that a service has there."""


def _joined(name: str, node: Node) -> tuple[tuple[str, ...], str]:
    with Fields(node, NETWORK, "a network of a service", OUTSIDE_NETWORK) as fields:
        aliases = fields.get("aliases", many(scalars.filled), ())
        address = fields.get("ipv4_address", ipam.address, "")
    return aliases, address


def _names(node: Node) -> Joined:
    return dict.fromkeys(many(scalars.filled)(node), ((), ""))


networks = forms(items=Shaped(_names, _TEXTS.shape), mapping=each(_joined, extensions=False))
"""What a service says of its networks: a list, or a mapping."""


_MODES = r"none|bridge|(?:service|container):[^:]+"
_INSTEAD = {
    "host": "use ports: to publish, or placement: {SERVICE: host} for the host's network",
    "service": "for example service:db",
}
"""Other modes of Compose, and what to do instead."""


@accepts(text_like("none, bridge or service:NAME", _MODES))
def network_mode(node: Node) -> str:
    """none, bridge, service:NAME, container:NAME, or nothing at all."""
    word = scalars.text(node)
    if not re.fullmatch(_MODES, word):
        hint = _INSTEAD.get(
            word.partition(":")[0], "use networks: to say which services reach each other"
        )
        node.refuse(f"{node.shown} given, expected none, bridge or service:NAME", hint)
    return word


@accepts(text_like("a service, or with a further name: db or db:store", r"[^:]+(?::[^:]+)?"))
def link(node: Node) -> tuple[str, str]:
    """A service and a further name for it; empty is none."""
    service, _, name = scalars.filled(node).partition(":")
    return service, "" if name == service else name


def _host_line(node: Node) -> tuple[str, str]:
    word = scalars.filled(node)
    at = min((word.find(s) for s in "=:" if s in word), default=0)
    if not at or not word[at + 1 :]:
        node.refuse(f"{node.shown} given, expected a name with its address", "'db=10.0.0.1'")
    return word[:at], word[at + 1 :]


def _host_lines(node: Node) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys(many(_host_line)(node)))


def _host_entries(node: Node) -> tuple[tuple[str, str], ...]:
    return tuple((n, a) for n, found in _ADDRESSES(node).items() for a in found)


_ADDRESSES = each(lambda name, node: scalars.one_or_many(scalars.filled)(node), extensions=False)
extra_hosts = forms(
    items=Shaped(
        _host_lines,
        lambda: {"type": "array", "items": text_like("NAME=address", r"[^=:]+[=:][\s\S]+")},
    ),
    mapping=Shaped(_host_entries, _ADDRESSES.shape),
)
"""Host names with their addresses; a name may have several."""


@accepts(text_like("a platform: linux/amd64", r"linux/(?:amd64|x86_64)(?:/v\d)?|linux"))
def platform(node: Node) -> str:
    """What all guests are."""
    word = scalars.text(node)
    if not re.fullmatch(r"linux(/(amd64|x86_64)(/v\d)?)?", word, re.ASCII):
        node.refuse(f"{word!r} given, but guests are linux/amd64", "leave it out")
    return word


@accepts(text_like("a container's name", r"[a-zA-Z0-9][a-zA-Z0-9_.-]+"))
def container_name(node: Node) -> str:
    """A name that Docker takes."""
    word = scalars.text(node)
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,62}", word):
        node.refuse(
            f"{word!r} is not a valid container name",
            "letters, digits, hyphens, underscores and dots, 2 to 63, a letter or digit first",
        )
    return word


@accepts(text_like("a profile's name", COMPOSE_NAME))
def profile(node: Node) -> str:
    """A profile's name."""
    return check_compose_name(node, scalars.text(node), "a profile")


def logging(node: Node) -> tuple[str, Mapping[str, str]]:
    """The log driver and its options."""
    with Fields(node, LOGGING, "logging") as fields:
        driver = fields.get("driver", scalars.text, "")
        options = fields.get("options", table(), {})
    return driver, options
