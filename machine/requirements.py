"""What the tests need in the Python environment on top of what a lab needs."""

import hashlib
import sys
from pathlib import Path

from machine import paths
from machine.steps import Report, Step, run

FILES = ("requirements.txt", "requirements-dev.txt")


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
