"""The blast radius: what becomes of containers and their data when what they stand on changes."""

from typing import Literal

from isolab.architecture.change import Data, Effect
from isolab.plan.model import Container, Guest


def restarted(guest: Guest) -> tuple[Effect, ...]:
    """Its domain is replaced, its disks stay: the containers come back by themselves."""
    return tuple(_effect(c, "restart", _data(c, kept=True)) for c in guest.containers)


def rebuilt(guest: Guest) -> tuple[Effect, ...]:
    """Its root disk is replaced: of what was on it, only a data disk's volumes stay."""
    kept = guest.data is not None
    return tuple(_effect(c, "recreate", _data(c, kept=kept)) for c in guest.containers)


def emptied(guest: Guest) -> tuple[Effect, ...]:
    """Its data disk is replaced: volumes are lost, and with them their containers' state."""
    return tuple(
        _effect(c, "recreate" if c.mounts else "restart", _data(c, kept=False))
        for c in guest.containers
    )


def removed(guest: Guest) -> tuple[Effect, ...]:
    """The guest goes, with its disks."""
    return tuple(_effect(c, "unavailable", _data(c, kept=False)) for c in guest.containers)


def recreated(container: Container) -> Effect:
    """One container is made anew where it is."""
    return _effect(container, "recreate", _data(container, kept=True))


def moved(container: Container) -> Effect:
    """One container is made anew on another guest, where its volumes are empty."""
    return _effect(container, "recreate", _data(container, kept=False))


def gone(container: Container) -> Effect:
    """One container goes; volumes outlive their containers."""
    return _effect(container, "unavailable", _data(container, kept=True))


def _effect(
    container: Container, effect: Literal["restart", "recreate", "unavailable"], data: Data
) -> Effect:
    return Effect(layer="container", name=container.name, effect=effect, data=data)


def _data(container: Container, *, kept: bool) -> Data:
    if not any(not mount.read_only for mount in container.mounts):
        return "none"
    return "kept" if kept else "lost"
