"""The development container has what the project names elsewhere, and no list of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from machine.setup.packages import PACKAGES

REPO = Path(__file__).parents[2]
PLACE = REPO / ".devcontainer"
TO_BEGIN = {"ca-certificates", "git", "python3"}
"""What it takes to clone, and to ask the lists."""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """What the Dockerfile copies, on a machine that has no package yet."""
    for copied, place in re.findall(r"^COPY (\S+) /setup/(\S*)$", dockerfile(), re.MULTILINE):
        if (REPO / copied).is_dir():
            shutil.copytree(REPO / copied, tmp_path / place)
        else:
            shutil.copy(REPO / copied, tmp_path / place)
    for name in ("dpkg-query", "apt-cache"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 0\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def dockerfile() -> str:
    return (PLACE / "Dockerfile").read_text()


def asked(context: Path) -> set[str]:
    """What the Dockerfile's commands say that it installs."""
    commands = re.findall(r"\$\((.*)\)", dockerfile())
    assert len(commands) == 2
    python = context / "python3"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    sed = os.path.dirname(shutil.which("sed") or "")
    environment = {"PATH": f"{context}:{sed}"}
    said = [
        subprocess.check_output(
            ["/bin/sh", "-c", command.replace("/setup", str(context))], env=environment, text=True
        )
        for command in commands
    ]
    return set(" ".join(said).split())


def test_it_installs_what_the_lists_name(context: Path) -> None:
    entry = re.search(r'^PACKAGES="(.*)"$', (REPO / "lab").read_text(), re.MULTILINE)
    assert entry
    found = asked(context)
    assert set(entry[1].split()) <= found
    # A command that is on this PATH does its package's work.
    assert found - set(entry[1].split()) <= {package.name for package in PACKAGES}
    assert "qemu-system-x86" in found


def test_it_has_no_list_of_its_own() -> None:
    words = set(re.findall(r"[a-z][a-z0-9.+-]+", dockerfile()))
    assert not words & ({package.name for package in PACKAGES} - TO_BEGIN)
    assert words >= TO_BEGIN


def test_it_is_debian_with_kvm_and_the_entry_script() -> None:
    described = json.loads((PLACE / "devcontainer.json").read_text())
    assert "FROM debian:12\n" in dockerfile()
    assert "--device=/dev/kvm" in described["runArgs"]
    command, *words = described["postCreateCommand"].split()
    assert (REPO / command).is_file() and words[0] == "test"
    help_text = subprocess.check_output(
        [sys.executable, "-m", "isolab", "test", "--help"], cwd=REPO, text=True
    )
    assert all(word in help_text for word in words[1:])
