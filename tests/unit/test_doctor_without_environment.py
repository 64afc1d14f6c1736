"""`./lab doctor` on a machine without isolab's Python environment: it looks and changes nothing."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from machine.setup import requirements
from machine.setup.doctor import python_check

REPO = Path(__file__).resolve().parents[2]
CHANGERS = ("sudo", "apt-get", "pip", "systemctl", "usermod", "service")
NEEDED = ("lab", "isolab", "machine", "images", "requirements.txt", "requirements-dev.txt")
HIDE_PYTHON = 'mount --bind /bin/false "$(readlink -f "$1")"; shift; exec "$@"'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """isolab as it was cloned."""
    folder = tmp_path / "isolab"
    folder.mkdir()
    for name in NEEDED:
        path = REPO / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder / name)
    return folder


def files(folder: Path) -> list[str]:
    """All paths below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def run(
    checkout: Path, *words: str, before: Sequence[str] = (), without_python: bool = False
) -> subprocess.CompletedProcess[str]:
    """The command in a home that is empty, with programs that tell of a change."""
    programs, home = checkout.parent / "bin", checkout.parent / "home"
    home.mkdir(exist_ok=True)
    programs.mkdir(exist_ok=True)
    for name in CHANGERS:
        # apt-get also only tells.
        tells = f'[ "$1" = indextargets ] || echo {name} "$*" >>{checkout.parent}/changed'
        (programs / name).write_text(f"#!/bin/sh\n{tells}\n")
        (programs / name).chmod(0o755)
    if without_python:
        for name in ("python3", "python3.11", "python3.12", "python3.13"):
            (programs / name).write_text("#!/bin/sh\nexit 127\n")
            (programs / name).chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    done = subprocess.run(
        [*before, str(checkout / "lab"), *words],
        env={"PATH": path, "HOME": str(home), "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert not (checkout.parent / "changed").exists(), (checkout.parent / "changed").read_text()
    return done


@pytest.mark.slow
def test_the_doctor_looks_without_an_environment_and_leaves_nothing(checkout: Path) -> None:
    before = files(checkout.parent)
    done = run(checkout, "doctor", "--json")
    assert done.returncode == 3, done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["python packages"]["verdict"] == "missing"
    assert checks["guest image"]["verdict"] == "unknown"
    assert {"packages", "access", "dockerd", "engine"} <= checks.keys()
    made = set(files(checkout.parent)) - set(before)
    assert all(name.split("/")[0] in ("bin", "home") for name in made)
    assert not files(checkout.parent / "home")


@pytest.mark.slow
def test_the_doctor_does_not_know_yes_and_installs_nothing_for_it(checkout: Path) -> None:
    done = run(checkout, "doctor", "--yes")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="hiding the system's Python needs root")
@pytest.mark.parametrize("words", [("doctor",), ("doctor", "--json")])
def test_the_doctor_says_that_there_is_no_python(checkout: Path, words: tuple[str, ...]) -> None:
    hidden = ("unshare", "--mount", "sh", "-c", HIDE_PYTHON, "sh", "/usr/bin/python3")
    before = hidden if Path("/usr/bin/python3").exists() else ()
    done = run(checkout, *words, before=before, without_python=True)
    assert done.returncode == 3, done.stderr
    assert "no Python 3.11 or newer" in done.stdout
    if "--json" in words:
        (check,) = json.loads(done.stdout)["checks"]
        assert check["verdict"] == "missing"
    wrong = run(checkout, "doctor", "--yes", before=before, without_python=True)
    assert wrong.returncode == 2


def test_a_package_counts_in_the_version_that_is_pinned() -> None:
    text = "# why\npulumi==3.272.0  # the engine\npyyaml==6.0.4\nrich==15.0.0\n"
    here = {"pulumi": "3.272.0", "pyyaml": "6.0.1"}
    found = requirements.lacking_of(text, lambda name: here.get(name, ""))
    assert found == ("pyyaml==6.0.4", "rich==15.0.0")
    assert "pyyaml==6.0.4" in python_check(found).detail
    assert "libvirt-dev" in python_check(found, ["gcc", "libvirt-dev"]).fix
