"""What makes a plugin."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airgap.framework.resource import Context, ResourceType
from airgap.framework.schema import Object


@dataclass(frozen=True, kw_only=True, slots=True)
class Plugin:
    """One provider plugin: a name, what its provider takes, how it connects, what it makes."""

    name: str
    version: str
    config: Object
    connect: Callable[[Mapping[str, Any]], Any]
    resources: tuple[ResourceType[Any], ...]
    functions: Mapping[str, Callable[[Context[Any], Mapping[str, Any]], dict[str, Any]]] = field(
        default_factory=dict[str, Any]
    )
    """Token to invoke."""
    adds: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the official one adds to its provider's inputs."""
    close: Callable[[Any], None] = lambda _: None
    """Ends the connection when the plugin ends."""
    alive: Callable[[Any], bool] = lambda _: True
    """Whether the connection is still good; one that is not is recreated for the next operation."""
    bridged: bool = True
    """The official one is a bridge: `id` is among its outputs, `__defaults` among its inputs."""
