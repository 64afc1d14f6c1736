"""Pulumi's CLI as its makers publish it: downloaded and verified."""

import hashlib
import http.client
import tarfile
import urllib.request
from pathlib import Path

from machine.steps import Report, Unable

SERVER = "https://get.pulumi.com/releases/sdk"
ANSWER = 5.0
"""Seconds for the server to answer; silence means that it cannot be reached."""
SILENCE = 60.0
"""Seconds without a byte after which a download counts as broken off."""
TRIES = 2
CHUNK = 2**20
ARCHITECTURES = {"x86_64": "x64", "aarch64": "arm64"}


class CannotDownload(Exception):
    """The CLI could not be had; the text says why."""


def archive(version: str, machine: str) -> str:
    """The name under which the CLI is published for this architecture of Linux."""
    kind = ARCHITECTURES.get(machine)
    if not kind:
        raise Unable(f"Pulumi is not published for {machine}")
    return f"pulumi-v{version}-linux-{kind}.tar.gz"


def fetch(into: Path, version: str, machine: str, report: Report, server: str = SERVER) -> None:
    """Put the CLI and what comes with it into a folder.

    Raises:
        CannotDownload: Nothing of it is in the folder then.
    """
    name = archive(version, machine)
    checksum = published_checksum(server, version, name)
    file = into / name
    for left in reversed(range(TRIES)):
        try:
            _download(f"{server}/{name}", file, checksum)
            break
        except CannotDownload as error:
            file.unlink(missing_ok=True)
            if not left:
                raise
            report(f"{error}: downloading it once more")
    _unpack(file, into)


def published_checksum(server: str, version: str, name: str) -> str:
    """The sha256 that the makers publish for an archive."""
    url = f"{server}/pulumi-{version}-checksums.txt"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER) as answer:
            text = answer.read(CHUNK).decode()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CannotDownload(f"{url} gave no answer: {_reason(error)}") from error
    for line in text.splitlines():
        checksum, _, named = line.partition(" ")
        if named.lstrip(" *") == name:
            return checksum
    raise CannotDownload(f"{url} does not name {name}")


def _download(url: str, file: Path, checksum: str) -> None:
    sha256 = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=SILENCE) as answer, file.open("wb") as target:
            while chunk := answer.read(CHUNK):
                target.write(chunk)
                sha256.update(chunk)
    except (OSError, http.client.HTTPException) as error:
        raise CannotDownload(f"its download broke off: {_reason(error)}") from error
    if sha256.hexdigest() != checksum:
        raise CannotDownload("its download is damaged: it has not the checksum that is published")


def _unpack(file: Path, into: Path) -> None:
    """The archive has one folder, whose files are what is wanted."""
    with tarfile.open(file) as opened:
        opened.extractall(into, filter="data")
    file.unlink()
    for each in (into / "pulumi").iterdir():
        each.rename(into / f"{each.name}.new")
    (into / "pulumi").rmdir()
    for each in into.iterdir():
        each.rename(each.with_name(each.name.removesuffix(".new")))


def _reason(error: Exception) -> str:
    return (str(getattr(error, "reason", error)) or type(error).__name__).splitlines()[0]
