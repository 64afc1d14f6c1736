"""Debian's published cloud image, for machines with internet: fetched and verified."""

import hashlib
import urllib.request
from collections.abc import Callable
from pathlib import Path

Report = Callable[[str], None]

PLACE = "https://cloud.debian.org/images/cloud/bookworm/latest"
IMAGE = "debian-12-genericcloud-amd64.qcow2"
CHECKSUMS = "SHA512SUMS"
TIMEOUT = 10.0
"""Seconds without an answer before the place counts as out of reach."""
CHUNK = 2**20


class CannotDownload(Exception):
    """The image could not be had; the text says why and what to do."""


def reachable(place: str = PLACE) -> bool:
    """Whether this machine gets an answer from where the image lies."""
    try:
        published_checksum(place)
    except CannotDownload:
        return False
    return True


def published_checksum(place: str = PLACE) -> str:
    """The sha512 that the publisher gives for the image."""
    url = f"{place}/{CHECKSUMS}"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
            text = answer.read(CHUNK).decode()
    except (OSError, ValueError) as error:
        raise CannotDownload(f"{url} gave no answer: {error}") from error
    for line in text.splitlines():
        checksum, _, name = line.partition(" ")
        if name.lstrip(" *") == IMAGE:
            return checksum
    raise CannotDownload(f"{url} does not name {IMAGE}")


def fetch(target: Path, checksum: str, report: Report, place: str = PLACE) -> None:
    """Download the image into a file; one that does not have the checksum is discarded."""
    url = f"{place}/{IMAGE}"
    sha512 = hashlib.sha512()
    try:
        with (
            urllib.request.urlopen(url, timeout=TIMEOUT) as answer,
            target.open("wb") as file,
        ):
            size = int(answer.headers.get("Content-Length") or 0)
            done = told = 0
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                sha512.update(chunk)
                done += len(chunk)
                if size and done * 10 // size > told:
                    told = done * 10 // size
                    report(f"guest image: {done // 2**20} of {size // 2**20} MiB")
    except OSError as error:
        target.unlink(missing_ok=True)
        raise CannotDownload(f"{url} broke off: {error}; run the command again") from error
    if sha512.hexdigest() != checksum:
        target.unlink(missing_ok=True)
        raise CannotDownload(
            f"{url} does not have the checksum that {CHECKSUMS} beside it names: "
            "the download is damaged, or was changed on its way; run the command again"
        )
