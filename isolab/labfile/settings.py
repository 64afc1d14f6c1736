"""Readers of a service's single settings, those that no other module is about."""

import re
from collections.abc import Mapping
from typing import Literal

from isolab.labfile.keys import LOGGING, NETWORK, OUTSIDE_NETWORK
from isolab.labfile.names import COMPOSE_NAME, check_compose_name
from isolab.labfile.syntax.node import Node, did_you_mean
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, each, forms, many
from isolab.labfile.values.shape import Shaped, accepts, one_of, text_like
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


def _aliases(name: str, node: Node) -> tuple[str, ...]:
    with Fields(node, NETWORK, "a network of a service", OUTSIDE_NETWORK) as fields:
        aliases = fields.get("aliases", many(scalars.filled), ())
    return aliases


def _names(node: Node) -> Mapping[str, tuple[str, ...]]:
    return dict.fromkeys(many(scalars.filled)(node), ())


networks = forms(items=Shaped(_names, _TEXTS.shape), mapping=each(_aliases, extensions=False))
"""Networks to the aliases on them: a list, or a mapping."""


_INSTEAD = {
    "host": "ports: publishes on the guest; placement: {SERVICE: host} is the host's own network",
    "bridge": "leave it out: a service without networks: is on a bridge with a way out",
}
"""Other modes of Compose, and what to do instead."""


@accepts(one_of("none"))
def network_mode(node: Node) -> Literal["", "none"]:
    """none, or nothing at all."""
    if scalars.text(node) != "none":
        node.refuse(
            f"{node.shown} given, expected none",
            _INSTEAD.get(scalars.text(node), "who reaches whom is said with networks:"),
        )
    return "none"


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
            f"{word!r} is no name for a container",
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
