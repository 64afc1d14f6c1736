"""A sandbox that root runs for a user leaves nothing of root's in the user's folders."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from machine import paths, sandbox
from machine.host import ownership, renew

OWNER = ownership.Owner(user=64123, group=64124)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")


def owners(tree: Path) -> set[int]:
    """Whose the files of a tree are."""
    return {path.lstat().st_uid for path in (tree, *tree.rglob("*"))}


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """A folder of the user's in which root made files."""
    folder = tmp_path / "cache"
    (folder / "engine/v1").mkdir(parents=True)
    (folder / "engine/v1/pulumi").write_text("")
    (folder / "link").symlink_to(tmp_path / "roots")
    (tmp_path / "roots").write_text("")
    os.chown(folder, OWNER.user, OWNER.group)
    return folder


@as_root
def test_what_root_made_in_the_users_folders_becomes_the_users(users: Path) -> None:
    ownership.give([users], OWNER)
    assert owners(users) == {OWNER.user}
    assert (users.parent / "roots").stat().st_uid == 0


@as_root
def test_a_folder_of_somebody_else_is_left_alone(users: Path) -> None:
    os.chown(users, 64999, 64999)
    ownership.give([users], OWNER)
    assert owners(users) == {64999, 0}


@as_root
def test_the_end_of_a_sandbox_gives_back(users: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "REPO", users / "no")
    monkeypatch.setenv("ISOLAB_HOME", str(users / "no"))
    monkeypatch.setenv("ISOLAB_CACHE", str(users))
    sandbox.clean(sandbox.Sandbox(folder=users / "gone", branches=(), owner=OWNER))
    assert owners(users) == {OWNER.user}


def test_without_a_user_nothing_is_given() -> None:
    assert ownership.parse("") is None
    assert ownership.parse("1000:1001") == ownership.Owner(user=1000, group=1001)


def test_root_gets_the_daemons_on_path_and_all_of_the_environment() -> None:
    given = {b"PATH": b"/home/ann/bin:/usr/bin:/sbin", b"GREETING": b"hi", b"https_proxy": b"p"}
    found = sandbox.for_root(given, Path("/home/ann/.cache/isolab"), "1000:1000")
    assert found[b"PATH"] == b"/home/ann/bin:/usr/bin:/sbin:/usr/local/sbin:/usr/sbin"
    assert found[b"ISOLAB_CACHE"] == b"/home/ann/.cache/isolab"
    assert (found[b"GREETING"], found[b"https_proxy"]) == (b"hi", b"p")


def test_the_environment_goes_over_by_a_file_that_is_gone_then(tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_bytes(renew.pack({b"GREETING": b"a=b\nc", b"PATH": b"/bin"}))
    script = "import os; print(repr(os.environ['GREETING']), len(os.environ))"
    command = [sys.executable, "-I", str(renew.ENTRY), str(file), "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env={"A": "1"})
    assert done.stdout.split()[0] == "'a=b\\nc'"
    assert not file.exists()
