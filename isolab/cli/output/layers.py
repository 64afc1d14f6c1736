"""Resources of the engine in the words of the layers that a user knows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from isolab.model import HOST
from isolab.plan import roles

LayerKind = Literal["lab", "host", "guest", "service"]

_GUEST = "isolab:index:Guest"
_SERVICE = "isolab:index:Service"
_BALANCER = "isolab:index:Balancer"
_SERVICE_NAME = re.compile(r"(?P<guest>.+?-\d+)-(?P<service>.+)")
_CALLED_AS_IN_DOCKER = {
    "docker:index/network:Network": "network",
    "docker:index/volume:Volume": "volume",
    "docker:index/container:Container": "container",
}
_ACTIONS = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "create-replacement": "replaced",
    "delete-replaced": "deleted, to be replaced",
    "refresh": "refreshed",
    "discard": "forgotten",
    "discard-replaced": "forgotten",
    "import": "imported",
}
_MEASURED = {
    "create": "make",
    "create-replacement": "make",
    "delete": "remove",
    "delete-replaced": "remove",
}


@dataclass(frozen=True, order=True, kw_only=True, slots=True)
class Layer:
    """One layer: the host, a guest, a service."""

    kind: LayerKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()


def layer(urn: str, parent: str, guests: Sequence[str] = ()) -> Layer:
    """The layer that a resource belongs to.

    Args:
        urn: The resource's.
        parent: Its parent's.
        guests: The names of the lab's guests, to tell a service's name from its guest's.
    """
    types = _types(urn)
    owner = urn if _own_type(urn) in (_GUEST, _SERVICE, _BALANCER) else parent
    if _BALANCER in types:
        return Layer(kind="service", name=_name(owner))
    if _SERVICE in types:
        return Layer(kind="service", name=service_name(_name(owner), guests))
    if _GUEST in types:
        return Layer(kind="guest", name=_name(owner))
    return Layer(kind="host" if "isolab:index:Host" in types else "lab")


def service_name(component: str, guests: Sequence[str]) -> str:
    """The service of a component that is named GUEST-SERVICE, or host-SERVICE."""
    for guest in sorted((*guests, HOST), key=len, reverse=True):
        if component.startswith(f"{guest}-"):
            return component.removeprefix(f"{guest}-")
    match = _SERVICE_NAME.fullmatch(component)
    return match["service"] if match else component


def what(urn: str, parent: str) -> str:
    """What the resource is, in one or two words."""
    own, name = _own_type(urn), _name(urn)
    found = roles.find(_types(urn), name)
    if found:
        return found.words
    kind = _CALLED_AS_IN_DOCKER.get(own)
    if kind == "container":
        return f"{kind} {name}"
    return f"{kind} {name.removeprefix(f'{_name(parent)}-')}" if kind else own


def action(operation: str) -> str | None:
    """What was done, for operations that do something to the world."""
    return _ACTIONS.get(operation)


def measured(operation: str) -> str | None:
    """make or remove, for operations whose duration says how long the next one will take."""
    return _MEASURED.get(operation)


def is_thing(urn: str) -> bool:
    """Whether the resource is more than a group of others or a connection."""
    own = _own_type(urn)
    return not own.startswith(("isolab:", "pulumi:"))


def is_rollout_step(urn: str) -> bool:
    """Whether the resource is a step of a rolling update: it orders changes, and is none itself."""
    found = roles.find(_types(urn), _name(urn))
    return found is not None and found.role == roles.ROLLOUT


def _types(urn: str) -> str:
    return urn.split("::")[2]


def _own_type(urn: str) -> str:
    return _types(urn).rsplit("$")[-1]


def _name(urn: str) -> str:
    return urn.split("::", 3)[-1]
