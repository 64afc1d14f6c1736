"""Builds with root's rights: what they make is the user's, and nothing else stays of them."""

import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from machine import paths
from machine.host import privilege, sudo_ticket
from machine.images import root_build, root_build_inside
from machine.steps import Unable

# The process as it is started, with jobs that take no minutes.
PROGRAM = """
import pathlib, subprocess, sys
from machine.images import root_build_inside as inside
from machine.steps import Unable

inside.paths.SCRATCH = pathlib.Path({place!r})

def good(folder):
    inside._report("at work")
    (folder / "result").write_text("made")
    return [folder / "result"]

def bad(folder):
    raise Unable("no mirror", "add one")

def mounting(folder):
    for name in ("one", "one/two"):
        (folder / name).mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", folder / name], check=True)
    (folder / "one/two/file").touch()
    raise Unable("killed in the middle")

def slow(folder):
    inside._report(str(folder))
    subprocess.run(["sh", "-c", "sleep 300 & wait"])
    return []

inside.JOBS = {{"good": good, "bad": bad, "mounting": mounting, "slow": slow}}
sys.exit(inside.main())
"""

with_root = pytest.mark.skipif(
    os.geteuid() != 0
    or subprocess.run(
        ["unshare", *root_build.NAMESPACES, "true"], capture_output=True, check=False
    ).returncode
    != 0,
    reason="takes root's rights and namespaces",
)


def start(tmp_path: Path, job: str) -> subprocess.Popen[str]:
    """The process at work; its scratch folders are in place/, its results go into results/."""
    for name in ("place", "results"):
        (tmp_path / name).mkdir()
    os.chown(tmp_path / "results", 65534, 65534)
    program = PROGRAM.format(place=str(tmp_path / "place"))
    process = subprocess.Popen(
        ["unshare", *root_build.NAMESPACES, sys.executable, "-B", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        umask=0o002,
        env={**os.environ, "PYTHONPATH": str(paths.REPO)},
    )
    assert process.stdin
    request: dict[str, object] = {
        "job": job,
        "folder": str(tmp_path / "results"),
        "environment": {},
    }
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    return process


def ending(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What it says while its caller stays."""
    assert process.stdout
    said = process.stdout.read()
    return said, process.communicate(timeout=30)[1]


@with_root
def test_what_is_made_belongs_to_the_user_and_nothing_else_stays(tmp_path: Path) -> None:
    process = start(tmp_path, "good")
    said, errors = ending(process)
    assert process.returncode == 0, errors
    made = (tmp_path / "results/result").stat()
    assert (made.st_uid, made.st_gid) == (65534, 65534)
    # Whatever the login's umask is.
    assert made.st_mode & 0o777 == 0o644
    assert list((tmp_path / "place").iterdir()) == []
    assert said == "at work\n"


@with_root
def test_a_build_that_fails_says_why(tmp_path: Path) -> None:
    process = start(tmp_path, "bad")
    _, said = ending(process)
    assert process.returncode == 3
    assert said == "no mirror\n  add one\n"
    assert list((tmp_path / "place").iterdir()) == []


@with_root
def test_what_a_command_left_mounted_does_not_stay(tmp_path: Path) -> None:
    process = start(tmp_path, "mounting")
    assert ending(process)[1] == "killed in the middle\n"
    assert list((tmp_path / "place").iterdir()) == []


@with_root
def test_a_caller_that_is_killed_takes_the_build_with_it(tmp_path: Path) -> None:
    process = start(tmp_path, "slow")
    assert process.stdin and process.stdout
    folder = Path(process.stdout.readline().strip())
    assert folder.is_dir()
    # As the kernel does it where the caller is gone.
    process.stdin.close()
    process.stdout.read()
    assert process.wait(30) != 0
    assert not folder.exists()


def test_a_folder_is_abandoned_once_its_build_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("such folders are root's")
    assert not root_build_inside.abandoned(tmp_path)
    monkeypatch.setattr(root_build_inside, "YOUNG", -1.0)
    lock = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert not root_build_inside.abandoned(tmp_path)
    os.close(lock)
    assert root_build_inside.abandoned(tmp_path)
    link = tmp_path / "link"
    link.symlink_to("/etc")
    assert not root_build_inside.abandoned(link)


def test_one_call_of_sudo_does_a_whole_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privilege, "is_root", lambda: False)
    command = root_build.command()
    assert command[0] == "sudo"
    assert "sudo" not in command[1:]
    # Root's compiled modules would stay in the user's checkout.
    assert "-B" in command


@pytest.mark.parametrize(
    ("script", "ends_with", "words"),
    [
        ("read line; echo at work", None, None),
        ("echo no mirror >&2; exit 3", Unable, "base image was not built: no mirror"),
        ("exit 1", Unable, "exit code 1"),
        ("exit 130", KeyboardInterrupt, None),
    ],
)
def test_the_end_of_a_build_is_told_as_what_it_was(
    script: str,
    ends_with: type[BaseException] | None,
    words: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(root_build, "command", lambda: ["sh", "-c", script])
    said: list[str] = []
    if ends_with is None:
        root_build.run("base image", tmp_path, said.append)
        assert said == ["at work"]
    else:
        with pytest.raises(ends_with, match=words):
            root_build.run("base image", tmp_path, said.append)


def test_proxies_survive_sudo_and_stay_off_the_command_line() -> None:
    secret = "http://kim:secret@proxy.example"
    given = {"https_proxy": secret, "HTTP_PROXY": secret, "PULUMI_ACCESS_TOKEN": "token"}
    remaining = root_build.environment(given)
    assert remaining["https_proxy"] == remaining["HTTP_PROXY"] == secret
    assert "PULUMI_ACCESS_TOKEN" not in remaining
    assert not any("proxy" in word for word in root_build.command())


def test_the_first_process_of_its_namespace_is_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    # It kills all that it can see.
    assert root_build_inside.main() == 2
    assert "root_build.py" in capsys.readouterr().err


def test_a_ticket_of_sudo_is_renewed_as_long_as_a_set_up_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    sudo = tmp_path / "sudo"
    sudo.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {calls}\n')
    sudo.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(privilege, "is_root", lambda: False)
    monkeypatch.setattr(sudo_ticket, "RENEWAL", 0.05)
    with sudo_ticket.renewed():
        deadline = time.monotonic() + 10
        while not (calls.exists() and calls.read_text().count("\n") > 1):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    after = calls.read_text()
    time.sleep(0.2)
    assert calls.read_text() == after
    # Never a question: the terminal is not ours at that moment.
    assert set(after.splitlines()) == {"-n -v"}
