"""The subnets that a stack's network may have, in the order in which they are tried."""

import hashlib
from collections.abc import Iterator
from ipaddress import IPv4Network

SPACE = IPv4Network("10.64.0.0/10")
PREFIX = 24


def candidates(stack: str) -> Iterator[str]:
    """Every /24 of the space, from the one that the stack's name picks onwards."""
    count = 2 ** (PREFIX - SPACE.prefixlen)
    first = int.from_bytes(hashlib.sha256(stack.encode()).digest()[:8]) % count
    size = 2 ** (32 - PREFIX)
    for step in range(count):
        index = (first + step) % count
        yield str(IPv4Network((int(SPACE.network_address) + index * size, PREFIX)))
