"""Files that their makers publish with a checksum: downloaded whole and verified, or not there."""

import hashlib
import http.client
import urllib.request
from pathlib import Path

CHUNK = 2**20


class CannotDownload(Exception):
    """The file could not be had; the text says why."""


def published_checksum(url: str, name: str, timeout: float) -> str:
    """What a list of checksums says of a file, as sha256sum and its like write it.

    Args:
        url: The list's.
        name: The file's, as the list has it.
        timeout: Seconds without an answer after which the place counts as out of reach.

    Raises:
        CannotDownload: No answer, or the list does not name the file.
    """
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            text = answer.read(CHUNK).decode()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CannotDownload(f"{url} does not answer: {_reason(error)}") from error
    for line in text.splitlines():
        checksum, _, named = line.partition(" ")
        if named.lstrip(" *") == name:
            return checksum
    raise CannotDownload(f"{url} does not name {name}")


def fetch(url: str, file: Path, *, algorithm: str, checksum: str, timeout: float) -> None:
    """Download a file, and hold it to its checksum.

    Args:
        url: Where it lies.
        file: Where it is put; nothing is there when this fails.
        algorithm: The checksum's, by its name in hashlib.
        checksum: In hexadecimal digits.
        timeout: Seconds without a byte after which it counts as broken off.

    Raises:
        CannotDownload: It broke off, or has another checksum.
    """
    digest = hashlib.new(algorithm)
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer, file.open("wb") as target:
            while chunk := answer.read(CHUNK):
                target.write(chunk)
                digest.update(chunk)
    except (OSError, http.client.HTTPException) as error:
        file.unlink(missing_ok=True)
        raise CannotDownload(f"the download of {url} broke off: {_reason(error)}") from error
    if digest.hexdigest() != checksum:
        file.unlink(missing_ok=True)
        raise CannotDownload(
            f"{url} does not have the checksum that is published beside it: "
            "the download is damaged, or was changed on its way"
        )


def _reason(error: Exception) -> str:
    return (str(getattr(error, "reason", error)) or type(error).__name__).splitlines()[0]
