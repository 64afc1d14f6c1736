"""`./lab` itself, on a bare machine: what it asks of a user who is not root, and how often."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from machine.host.privilege import Action
from machine.setup import guest_shutdown, network_hook

REPO = Path(__file__).resolve().parents[2]
PROGRAMS = {
    "id": '[ "$1" = -u ] && echo 1000 || echo tester',
    "dpkg-query": "exit 1",
    "sudo": 'echo "$*" >>"$PLACE/root"',
    # In the place of the environment that is made, and of isolab in it.
    "python3": '[ "$1" = -c ] && exit; rm -rf "$4"/*; mkdir -p "$4/bin" && cp "$0" "$4/bin/python"',
}
ISOLAB = '[ "$2" = pip ] || echo "agreed: ${ISOLAB_AGREED_TO_SUDO-no}"'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A clone, and programs that do nothing."""
    shutil.copy(REPO / "lab", tmp_path)
    shutil.copy(REPO / "requirements.txt", tmp_path)
    (tmp_path / "bin").mkdir()
    for name, does in PROGRAMS.items():
        file = tmp_path / "bin" / name
        both = f"case $0 in *.venv*) {ISOLAB}; exit;; esac\n{does}" if name == "python3" else does
        file.write_text(f"#!/bin/sh\n{both}\n")
        file.chmod(0o755)
    return tmp_path


def run(place: Path, *words: str, answer: str = "") -> tuple[int, str]:
    """The command at a terminal of its own; its exit code, and all that it said."""
    ours, theirs = pty.openpty()
    environment = {"PATH": f"{place}/bin:{os.environ['PATH']}", "PLACE": str(place)}
    process = subprocess.Popen(
        [place / "lab", *words], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=environment, text=True,
    )  # fmt: skip
    os.write(ours, f"{answer}\n".encode())
    said, _ = process.communicate(timeout=30)
    os.close(ours)
    os.close(theirs)
    return process.returncode, said


def test_an_up_on_a_bare_machine_asks_once_for_all_that_it_does_with_sudo(place: Path) -> None:
    code, said = run(place, "up", answer="y")
    assert code == 0, said
    assert said.count("Agree? [y/N]") == 1
    for action in (
        "install python3-venv",
        "libvirt, QEMU, Docker",
        "let tester use",
        "build images",
    ):
        assert action in said
    assert "agreed: yes" in said


@pytest.mark.parametrize("action", [network_hook.action(), guest_shutdown.action()])
def test_what_up_does_to_libvirt_is_in_the_list(action: Action) -> None:
    assert action.words in (REPO / "lab").read_text()


@pytest.mark.parametrize("ends", [0, 100])
def test_a_mirror_that_fails_is_named_and_another_sources_failure_is_none(
    place: Path, ends: int
) -> None:
    sudo = place / "bin/sudo"
    locate = "\n".join(["echo E: Unable to locate package python3-venv >&2"] * 5)
    update = f'*update) echo "W: Failed to fetch http://mirror/ timed out" >&2; exit {ends};;'
    sudo.write_text(f'#!/bin/sh\ncase "$*" in {update} *install*) {locate}\nexit 100;; esac\n')
    code, said = run(place, "up", answer="y")
    assert code == 3
    assert "Failed to fetch http://mirror/" in said
    assert "could not install" in said
    sudo.write_text(f'#!/bin/sh\ncase "$*" in {update} esac\n')
    code, said = run(place, "up", answer="y")
    assert code == 0, said


def test_another_command_asks_for_what_it_needs_alone(place: Path) -> None:
    code, said = run(place, "validate", "a.yaml", answer="y")
    assert code == 0, said
    assert "let tester use" not in said
    assert "agreed: no" in said


def test_who_does_not_agree_has_changed_nothing(place: Path) -> None:
    code, said = run(place, "up", answer="n")
    assert code == 3
    assert "nothing was changed" in said
    assert not (place / "root").exists()


def test_an_environment_whose_python_is_gone_is_made_again(place: Path) -> None:
    run(place, "up", answer="y")
    python = place / ".venv/bin/python"
    python.unlink()
    python.symlink_to(place / "python-of-before")
    code, said = run(place, "up", answer="y")
    assert code == 0, said
    assert "making .venv" in said
    assert "agreed" in said


def test_a_link_to_an_environment_that_is_gone_is_replaced(place: Path) -> None:
    (place / ".venv").symlink_to(place / "gone")
    code, said = run(place, "status", answer="y")
    assert code == 0, said
    assert (place / ".venv/bin/python").is_file()
    assert not (place / ".venv").is_symlink()
