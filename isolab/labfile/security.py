"""Compose's defaults or hardened ones: what holds where a service says nothing of its own."""

from dataclasses import replace

from isolab.labfile.keys import ISOLAB
from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields
from isolab.model import Security, Service

HARDENED = {
    "restart": "unless-stopped",
    "cap_drop": ("ALL",),
    "security_opt": ("no-new-privileges:true",),
}
"""The defaults of `security: hardened`, by the keys that a service may say itself."""
security: Reader[Security] = scalars.choice("compose", "hardened")


def own(node: Node) -> Security | None:
    """What a service says of its own security, under a key that Compose passes over."""
    with Fields(node, ISOLAB, "x-isolab") as fields:
        given: Security | None = fields.get("security", security, None)
    return given


def completed(service: Service, node: Node, lab: Security) -> Service:
    """The service with the defaults of its own word, else those of the lab's."""
    given = {key for key, value in node.mapping().items() if value.value is not None}
    deploy = node.mapping().get("deploy")
    if deploy and "restart_policy" in deploy.mapping():
        given.add("restart")
    word = service.security or lab
    silent = {key: value for key, value in HARDENED.items() if key not in given}
    return replace(service, security=word, **(silent if word == "hardened" else {}))
