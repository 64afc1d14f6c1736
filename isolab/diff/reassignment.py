"""What one container takes over from another: ports and addresses, which Docker gives only once."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from isolab.diff.transition import everything
from isolab.plan.model import Container, Plan

EVERYWHERE = ("", "0.0.0.0")


class Claim(NamedTuple):
    """Something that two containers cannot have at one time."""

    place: str
    """The guest, or HOST."""
    what: str
    """port 8080/tcp, or an address on a network."""
    address: str


def holders(old: Plan | None, new: Plan | None) -> Mapping[str, Container]:
    """Who has what another container is to get, by the claim's words; they have to go first.

    Source: the engine removes at the end what its program makes no more, and what it recreates
    in an order of its own; Docker refuses a port that is taken.
    """
    if old is None or new is None:
        return {}
    takers: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for container in everything(new):
        for claim in _claims(container):
            place = claim.place, claim.what
            takers.setdefault(place, []).append((claim.address, container.name))
    found: dict[str, Container] = {}
    for container in everything(old):
        for claim in _claims(container):
            for address, taker in takers.get((claim.place, claim.what), ()):
                if taker != container.name and _meet(address, claim.address):
                    found[f"{claim.what} goes from {container.name} to {taker}"] = container
    return found


def _claims(container: Container) -> Iterator[Claim]:
    for port in container.ports:
        what = f"port {port.external}/{port.protocol}"
        yield Claim(place=container.guest, what=what, address=port.ip)
    for attached in container.networks:
        if attached.address:
            what = f"address {attached.address} on {attached.network}"
            yield Claim(place=container.guest, what=what, address=attached.address)


def _meet(one: str, other: str) -> bool:
    return one == other or one in EVERYWHERE or other in EVERYWHERE
