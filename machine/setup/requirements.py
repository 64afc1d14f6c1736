"""What a lab needs in the Python environment, and what the tests need on top of it."""

import hashlib
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from machine import paths
from machine.steps import Report, Step, run

FILES = ("requirements.txt", "requirements-dev.txt")


def lacking() -> tuple[str, ...]:
    """What a lab needs of Python packages that this Python lacks, or has in another version."""
    return lacking_of((paths.REPO / FILES[0]).read_text(), _version)


def lacking_of(text: str, version: Callable[[str], str]) -> tuple[str, ...]:
    """The same from the text of requirements.txt, and the version that a package has here."""
    return tuple(f"{name}=={wanted}" for name, wanted in _pins(text) if version(name) != wanted)


def _pins(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, pinned, wanted = line.partition("#")[0].strip().partition("==")
        if pinned:
            yield name, wanted


def _version(name: str) -> str:
    """Empty where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def step() -> Step:
    """Install them, where they changed since the last time."""

    def look() -> str:
        done = _stamp().exists() and _stamp().read_text() == _wanted()
        return "" if done else "installing what the tests need"

    return Step(name="python environment", look=look, act=_install)


def _install(report: Report) -> None:
    del report
    file = str(paths.REPO / "requirements-dev.txt")
    run([sys.executable, "-m", "pip", "install", "--quiet", "-r", file])
    _stamp().write_text(_wanted())


def _stamp() -> Path:
    return Path(sys.prefix) / "isolab-stamp-dev"


def _wanted() -> str:
    digest = hashlib.sha256()
    for name in FILES:
        digest.update((paths.REPO / name).read_bytes())
    return digest.hexdigest()
