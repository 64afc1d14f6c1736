"""The blast radius of one change, as effects: on containers first, then on services."""

from collections.abc import Iterable, Mapping
from typing import Any

from isolab.diff import volumes
from isolab.diff.actions import ContainerAction
from isolab.diff.change import Data, Effect, EffectKind, Loss, worst
from isolab.diff.reach import Reach
from isolab.diff.transition import ContainerTransition, GuestTransition

EFFECTS: Mapping[ContainerAction, EffectKind] = {
    "delete": "unavailable",
    "lie": "unavailable",
    "move": "recreate",
    "recreate": "recreate",
    "restart": "restart",
    "update": "none",
}


def told(reach: Reach, struck: Iterable[ContainerTransition]) -> tuple[Effect, ...]:
    """What becomes of containers, and of the services that they belong to or that need them."""
    containers = tuple(_on_container(reach, container) for container in reach.followed(struck))
    found = tuple(effect for effect in containers if effect)
    return (*found, *reach.services(effect.name for effect in found))


def on_guest(reach: Reach, guest: GuestTransition) -> Effect:
    """What becomes of a guest when the host's layer changes below it."""
    inside = reach.on_guest.get(guest.name, [])
    return Effect(
        layer="guest",
        name=guest.name,
        effect="recreate" if reach.transition.elsewhere else "restart",
        data=worst(volumes.data(reach.transition, container) for container in inside),
        because="the lab network is replaced",
    )


def loss_and_data(effects: Iterable[Effect], lost: Iterable[Loss]) -> dict[str, Any]:
    """The fields of a change that say what becomes of data."""
    names = {effect.name for effect in effects if effect.layer == "container"}
    mine = tuple(loss for loss in lost if names & set(loss.containers))
    data: Data = worst(effect.data for effect in effects)
    return {"data": data, "lost": mine}


def _on_container(reach: Reach, container: ContainerTransition) -> Effect | None:
    container_action, because = reach.actions[container.name]
    if container_action not in EFFECTS:
        return None
    return Effect(
        layer="container",
        name=container.name,
        effect=EFFECTS[container_action],
        data=volumes.data(reach.transition, container),
        because=because,
    )
