"""Compose's links: a further name for a service, on the networks that it shares with the caller."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from isolab.labfile.service import Draft
from isolab.model import Service

DEFAULT = "default"


def applied(services: Iterable[Service], drafts: Iterable[Draft]) -> tuple[Service, ...]:
    """The services with the names that those who link to them have for them."""
    services = tuple(services)
    on = {
        service.name: () if service.network_mode else tuple(service.networks) or (DEFAULT,)
        for service in services
    }
    names: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for draft in drafts:
        for other, name in draft.links:
            for network in on.get(other, ()) if name else ():
                if network in on[draft.service.name]:
                    names[other][network].append(name)
    return tuple(
        replace(service, networks=_more(service, names[service.name]))
        if names[service.name]
        else service
        for service in services
    )


def _more(service: Service, names: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    networks = dict(service.networks) or {DEFAULT: ()}
    return {
        network: tuple(dict.fromkeys((*aliases, *names.get(network, ()))))
        for network, aliases in networks.items()
    }
