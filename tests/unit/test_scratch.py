"""Temporary folders of a command: gone at its end, and after a kill with the next command."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from machine import paths
from machine.host import scratch

HOLD = """
import subprocess, sys, time
from machine.host import scratch
with scratch.folder() as made:
    (made.path / "events").touch()
    {more}
    print(made.path, flush=True)
    time.sleep(60)
"""
WITH_ENGINE = "subprocess.Popen(['sleep', '60'], pass_fds=[made.descriptor], stdout=sys.stderr)"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def killed(more: str = "pass") -> tuple[Path, int]:
    """A command that was killed with a folder: that, and its group of processes."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(more=more)],
        env={**os.environ, "PYTHONPATH": str(paths.REPO)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    made = Path(process.stdout.readline().strip())
    process.kill()
    process.wait()
    process.stdout.close()
    assert (made / "events").exists()
    return made, process.pid


def test_a_folder_is_gone_at_the_end(temporary: Path) -> None:
    with scratch.folder() as made:
        (made.path / "sub").mkdir()
        assert made.path.parent == temporary
    assert not [*temporary.iterdir()]


def test_the_next_command_removes_what_a_killed_one_left(temporary: Path) -> None:
    left, _ = killed()
    with scratch.folder() as made:
        assert [*temporary.iterdir()] == [made.path]
    assert not left.exists()


def test_a_folder_that_somebody_works_in_stays(temporary: Path) -> None:
    with scratch.folder() as first, scratch.folder() as second:
        assert sorted(temporary.iterdir()) == sorted([first.path, second.path])


def test_an_engine_that_outlives_its_command_has_its_folder_until_it_ends() -> None:
    left, group = killed(WITH_ENGINE)
    try:
        with scratch.folder():
            assert left.exists()
    finally:
        os.killpg(group, 9)
    while True:
        with scratch.folder():
            if not left.exists():
                break
