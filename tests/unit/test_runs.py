"""What a killed engine left is ended by what it is, and nothing else is."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from machine.deployment import runs

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that end with the test."""
    found: list[subprocess.Popen[bytes]] = []
    yield found
    for process in found:
        process.kill()
        process.wait()


def sleeper(
    started: list[subprocess.Popen[bytes]], *words: str, **variables: str
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([*SLEEP, *words], env={**os.environ, **variables})
    started.append(process)
    return process


def test_only_the_processes_of_a_run_whose_engine_is_gone_are_ended(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    file = tmp_path / "s"
    mark = runs.begin(file)
    engine = sleeper(started, **{runs.VARIABLE: mark})
    plugin = sleeper(started, "pulumi-resource-docker", **{runs.VARIABLE: mark})
    editor = sleeper(started, "docs/airgap.md", PULUMI_HOME=str(tmp_path))
    other = sleeper(started, "pulumi-resource-docker", **{runs.VARIABLE: f"{mark}0"})
    runs.started(file, mark, engine.pid)

    runs.stop_orphans(file)
    assert plugin.poll() is None

    engine.kill()
    engine.wait()
    runs.stop_orphans(file)
    assert plugin.wait(5) != 0
    assert editor.poll() is None
    assert other.poll() is None


def test_another_program_with_the_engines_number_is_not_the_engine(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    file = tmp_path / "s"
    mark = runs.begin(file)
    plugin = sleeper(started, **{runs.VARIABLE: mark})
    file.write_text(f'{{"mark": "{mark}", "pid": {os.getpid()}, "started": 1}}')
    runs.stop_orphans(file)
    assert plugin.wait(5) != 0


def test_without_a_note_nothing_is_ended(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    process = sleeper(started, "pulumi-resource-docker")
    runs.stop_orphans(tmp_path / "s")
    assert process.poll() is None
