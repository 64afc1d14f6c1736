"""Engines that keep replicas' data together: one module each, named in a lab file's clusters."""

from isolab.clusters import galera
from isolab.clusters.engine import Engine, Membership

__all__ = ["ENGINES", "Engine", "Membership", "named"]

ENGINES: tuple[Engine, ...] = (galera.ENGINE,)


def named(name: str) -> Engine | None:
    """The engine of that name."""
    return next((engine for engine in ENGINES if engine.name == name), None)
