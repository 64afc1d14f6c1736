"""Subnets of which a machine reaches only one, since another network has the same addresses."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from isolab.plan.model import Taken

WHAT_TO_DO = "run ./lab down, then ./lab up, which takes a free subnet"


def overlapping(cidr: str, networks: Iterable[Taken]) -> Iterator[Taken]:
    """The networks that have addresses of this subnet."""
    mine = IPv4Network(cidr)
    return (taken for taken in networks if mine.overlaps(IPv4Network(taken.cidr)))


def words(cidr: str, taken: Taken) -> str:
    """What is wrong with a lab's subnet that a network has since."""
    return (
        f"the lab's network {cidr} overlaps {taken.cidr} ({taken.owner}): "
        "this machine reaches only one of them"
    )
