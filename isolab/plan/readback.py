"""A container's values in the form in which Docker's provider reads them back.

A value that comes back in another form than it was handed over in is a change at each preview, and
for most inputs of a container a change is a replacement. The rules are the official provider's, as
recorded in tests/engine/records/docker-readback.json.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from isolab.plan.model import HOST, Container, PublishedPort
from isolab.units import Seconds

NANO = 10**9
MICRO = 1000
KERNEL = 10_000
"""Billionths of a processor that the kernel counts as one: a microsecond of a tenth of a second."""
DAEMON_LOG_OPTIONS = {"max-file": "3", "max-size": "10m"}
"""What a guest's Docker adds to a container's own options: images/guest/…/daemon.json."""

Ports = Sequence[tuple[int, int, str, str]]
"""Ports inside and outside, protocol and address, in the order in which they were read."""


def cpus(limit: float) -> str:
    """A processor limit, as "1.0", "0.5" or "10.".

    No text for some limits comes back unchanged: below a tenth they are read back rounded to one
    digit, and just above some whole numbers as those. Another millionth of a processor is handed
    over then, which is the same limit to the kernel: it counts whole microseconds in a tenth of a
    second.
    """
    nano = round(limit * NANO)
    least = nano - nano % KERNEL
    same = (*range(nano, least + KERNEL, MICRO), *range(least, nano, MICRO))
    return next(text for each in same if Fraction(text := _cpus_read(each)) == Fraction(each, NANO))


def _cpus_read(nano: int) -> str:
    digits = f"{nano // NANO}.{nano % NANO:09d}"
    if digits.count("0") == 9:
        return f"{nano / NANO:.1f}"
    return digits.rstrip("0")


def duration(seconds: Seconds) -> str:
    """A duration as Go writes it: 1m30s, 1h0m0s, 2.5s, 500ms, 0s."""
    nano = round(seconds * NANO)
    for unit, size in (("ms", 10**6), ("µs", 10**3), ("ns", 1)):
        if nano < NANO and nano >= size:
            return f"{_decimal(nano, size)}{unit}"
    minutes, rest = divmod(nano, 60 * NANO)
    hours, minutes = divmod(minutes, 60)
    before = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{before}{_decimal(rest, NANO)}s"


def _decimal(number: int, unit: int) -> str:
    whole, rest = divmod(number, unit)
    digits = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


def ports(planned: Sequence[PublishedPort], read: Ports) -> tuple[PublishedPort, ...]:
    """The ports in the order in which they were read last, as long as they are the same ones.

    Docker has an order of its own for a port that is published twice.
    """
    by_key = {(p.internal, p.external, p.protocol, p.ip): p for p in planned}
    same = len(read) == len(planned) and by_key.keys() == set(read)
    return tuple(by_key[key] for key in read) if same else tuple(planned)


def log_options(container: Container) -> Mapping[str, str]:
    """The options of its log; where it gives some, with those that its guest's Docker adds."""
    own = dict(container.logging_options)
    guests_default = container.guest != HOST and container.logging_driver in ("", "json-file")
    return (DAEMON_LOG_OPTIONS | own) if own and guests_default else own
