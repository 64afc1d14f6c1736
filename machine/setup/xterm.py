"""xterm.js, the terminals of the course in a browser: from npm, verified, in the cache."""

import base64
import hashlib
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import paths
from machine.steps import Report, Step, Unable, run

TIMEOUT = 60.0
"""Seconds for npm to bring one package."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A package of the npm registry, and what of it the page loads."""

    name: str
    version: str
    integrity: str
    """sha512 of the archive in base 64, as lock files of npm have it."""
    files: Mapping[str, str]
    """From the names in the archive to those that the page asks for."""


PACKAGES = (
    Package(
        name="@xterm/xterm",
        version="6.0.0",
        integrity="sha512-TQwDdQGtwwDt+2cgKDLn0IRaSxYu1tSUjgKarSDkUM0ZNiSRXFpjxEsvc/Zgc5kq5omJ+V0a8/kIM2WD3sMOYg==",
        files={"package/lib/xterm.mjs": "xterm.mjs", "package/css/xterm.css": "xterm.css"},
    ),
    Package(
        name="@xterm/addon-fit",
        version="0.11.0",
        integrity="sha512-jYcgT6xtVYhnhgxh3QgYDnnNMYTcf8ElbxxFzX0IZo+vabQqSPAjC3c1wJrKB5E19VwQei89QCiZZP86DCPF7g==",
        files={"package/lib/addon-fit.mjs": "addon-fit.mjs"},
    ),
)


def folder() -> Path:
    """Where the files of these versions lie."""
    return paths.cache() / "xterm" / "-".join(package.version for package in PACKAGES)


def step() -> Step:
    """They are there."""
    return Step(name="xterm.js", look=missing, act=fetch)


def missing() -> str:
    """What is not there yet; empty where nothing is."""
    names = [name for package in PACKAGES for name in package.files.values()]
    return ", ".join(name for name in names if not (folder() / name).exists())


def fetch(report: Report) -> None:
    """Bring the packages by npm, hold them to their checksums, and take out what is needed.

    Raises:
        Unable: npm is not there, brings nothing, or brings something else.
    """
    if shutil.which("npm") is None:
        raise Unable("npm is not on this machine, which brings xterm.js", "apt-get install npm")
    with TemporaryDirectory(prefix="isolab-xterm-") as place:
        for package in PACKAGES:
            report(f"{package.name} {package.version}")
            unpack(_packed(package, Path(place)), package)


def unpack(archive: Path, package: Package) -> None:
    """Take a package's files out of its archive, which has to be the one that was meant."""
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != package.integrity:
        raise Unable(
            f"{package.name} {package.version} does not have the checksum that isolab expects",
            "the registry that npm uses here has another archive, or changed it",
        )
    folder().mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as opened:
        for name, wanted in package.files.items():
            member = opened.extractfile(name)
            if member is None:
                raise Unable(f"{package.name} {package.version} has no file {name}")
            partial = folder() / f"{wanted}.new"
            partial.write_bytes(member.read())
            partial.rename(folder() / wanted)


def _packed(package: Package, place: Path) -> Path:
    """The package's archive, alone in a folder of its own."""
    into = place / package.integrity[-12:].replace("/", "-").rstrip("=")
    into.mkdir()
    run(
        [
            *("npm", "pack", "--ignore-scripts", "--fetch-retries=1", "--silent"),
            *("--pack-destination", str(into), f"{package.name}@{package.version}"),
        ],
        timeout=TIMEOUT,
    )
    (archive,) = into.iterdir()
    return archive
