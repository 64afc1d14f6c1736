"""What things may be called."""

import re

from isolab.labfile.syntax.node import Node

NAME = r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
"""A name that is also a host name: it ends up in several."""
COMPOSE_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,39}"
"""A name as Compose allows them."""
STACK_NAME = r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"
"""A lab's name on its machine."""


def check_name(node: Node, name: str, what: str) -> str:
    """The name, where it can also be a host's."""
    rule = "small letters, digits and hyphens, at most 40, no hyphen at either end"
    return _checked(node, name, what, NAME, rule)


def check_compose_name(node: Node, name: str, what: str) -> str:
    """The name, where Compose allows it."""
    rule = "letters, digits, hyphens, underscores and dots, at most 40, a letter or digit first"
    return _checked(node, name, what, COMPOSE_NAME, rule)


def _checked(node: Node, name: str, what: str, pattern: str, rule: str) -> str:
    if not re.fullmatch(pattern, name):
        node.refuse(f"{name!r} is not a valid name for {what}", rule)
    return name
