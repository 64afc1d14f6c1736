"""Debian's published cloud image, for machines with internet: fetched and verified."""

from collections.abc import Callable
from pathlib import Path

from machine.host import downloads
from machine.host.downloads import CannotDownload

Report = Callable[[str], None]

PLACE = "https://cloud.debian.org/images/cloud/bookworm/latest"
IMAGE = "debian-12-genericcloud-amd64.qcow2"
CHECKSUMS = "SHA512SUMS"
TIMEOUT = 10.0
"""Seconds without an answer before the place counts as out of reach."""


def reachable(place: str = PLACE) -> bool:
    """Whether this machine gets an answer from where the image lies."""
    try:
        published_checksum(place)
    except CannotDownload:
        return False
    return True


def published_checksum(place: str = PLACE) -> str:
    """The sha512 that the publisher gives for the image."""
    return downloads.published_checksum(f"{place}/{CHECKSUMS}", IMAGE, TIMEOUT)


def fetch(target: Path, checksum: str, report: Report, place: str = PLACE) -> None:
    """Download the image into a file; one that does not have the checksum is discarded."""
    told = 0

    def tell(done: int, size: int) -> None:
        nonlocal told
        if size and done * 10 // size > told:
            told = done * 10 // size
            report(f"guest image: {done // 2**20} of {size // 2**20} MiB")

    try:
        downloads.fetch(
            f"{place}/{IMAGE}",
            target,
            algorithm="sha512",
            checksum=checksum,
            timeout=TIMEOUT,
            so_far=tell,
        )
    except CannotDownload as error:
        raise CannotDownload(f"{error}; run the command again") from error
