"""Pulumi's CLI as its makers publish it: downloaded and verified."""

import tarfile
from pathlib import Path

from machine.host import downloads
from machine.host.downloads import CannotDownload
from machine.steps import Report, Unable

SERVER = "https://get.pulumi.com/releases/sdk"
ANSWER = 5.0
"""Seconds for the server to answer; silence means that it cannot be reached."""
SILENCE = 60.0
"""Seconds without a byte after which a download counts as broken off."""
TRIES = 2
ARCHITECTURES = {"x86_64": "x64", "aarch64": "arm64"}


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
            downloads.fetch(
                f"{server}/{name}", file, algorithm="sha256", checksum=checksum, timeout=SILENCE
            )
            break
        except CannotDownload as error:
            if not left:
                raise
            report(f"{error}: downloading it once more")
    _unpack(file, into)


def published_checksum(server: str, version: str, name: str) -> str:
    """The sha256 that the makers publish for an archive."""
    return downloads.published_checksum(f"{server}/pulumi-{version}-checksums.txt", name, ANSWER)


def _unpack(file: Path, into: Path) -> None:
    """The archive has one folder, whose files are what is wanted.

    Debian 12's Python 3.11.2 has no filters yet, which came with 3.11.4; the archive has been
    verified by its checksum.
    """
    with tarfile.open(file) as opened:
        if hasattr(tarfile, "data_filter"):
            opened.extractall(into, filter="data")
        else:
            opened.extractall(into)
    file.unlink()
    for each in (into / "pulumi").iterdir():
        each.rename(into / f"{each.name}.new")
    (into / "pulumi").rmdir()
    for each in into.iterdir():
        each.rename(each.with_name(each.name.removesuffix(".new")))
