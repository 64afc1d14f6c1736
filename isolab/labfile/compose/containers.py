"""Compose's network_mode: container:NAME, where NAME is what a service of the lab calls its own."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from isolab.labfile.health import Need
from isolab.labfile.service import Draft
from isolab.model import Problem

KIND = "container:"


def resolved(drafts: Iterable[Draft]) -> tuple[Draft, ...]:
    """The drafts, with service:NAME instead where a service has that container_name."""
    drafts = tuple(drafts)
    owners = {d.service.container_name: d.service.name for d in drafts if d.service.container_name}
    return tuple(_resolved(draft, owners.get(_container(draft), "")) for draft in drafts)


def unknown(drafts: Iterable[Draft]) -> Iterator[Problem]:
    """Containers that are of no service of the lab."""
    for draft in drafts:
        if name := _container(draft):
            mode = draft.node.mapping()["network_mode"]
            hint = "network_mode: service:NAME shares the network of a service of the lab"
            yield mode.problem(f"no service has the container_name {name}", hint)


def _container(draft: Draft) -> str:
    mode = draft.service.network_mode
    return mode.removeprefix(KIND) if mode.startswith(KIND) else ""


def _resolved(draft: Draft, owner: str) -> Draft:
    """With the need to start behind it, too: the network is there while its container runs."""
    if not owner:
        return draft
    service = replace(draft.service, network_mode=f"service:{owner}")
    return replace(draft, service=service, needs={owner: Need(), **draft.needs})
