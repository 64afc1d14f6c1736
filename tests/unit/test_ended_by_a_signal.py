"""What a command started for a moment goes with it, also where a signal ends it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from machine import paths
from machine.host.processes import start_of
from machine.images import registry

WORKS = """
import sys, time
from pathlib import Path
from isolab import __main__ as entry
def works(argv):
    try:
        print("at work", flush=True)
        time.sleep(60)
    finally:
        Path(sys.argv[1]).touch()
import isolab.cli, machine.host.access
isolab.cli.main = works
machine.host.access.state = lambda: "ok"
sys.exit(entry.run())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_asked_to_end_clears_up(number: int, tmp_path: Path) -> None:
    cleared = tmp_path / "cleared"
    process = subprocess.Popen(
        [sys.executable, "-c", WORKS, cleared], stdout=subprocess.PIPE, text=True, cwd=paths.REPO
    )
    assert process.stdout
    assert process.stdout.readline() == "at work\n"
    process.send_signal(number)
    assert process.wait(20) == 128 + number
    assert cleared.exists()


@pytest.mark.slow
def test_what_the_caller_ignores_stays_ignored(tmp_path: Path) -> None:
    cleared = tmp_path / "cleared"
    process = subprocess.Popen(
        ["nohup", sys.executable, "-c", WORKS, cleared],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=paths.REPO,
    )
    assert process.stdout
    assert process.stdout.readline() == "at work\n"
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    process.terminate()
    assert process.wait(20) == 128 + signal.SIGTERM


def test_a_registry_of_a_killed_command_is_removed_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alive, ended = os.getpid(), subprocess.Popen(["true"])
    ended.wait()
    listed = [
        f"lives {alive}:{start_of(alive)}",
        f"orphan {ended.pid}:12345",
        f"reused {alive}:1",
        "unmarked ",
    ]
    removed: list[str] = []

    def docker(*words: str) -> str:
        if words[0] == "rm":
            removed.append(words[-1])
        return "\n".join(listed) if words[0] == "ps" else ""

    monkeypatch.setattr(registry, "docker", docker)
    registry._remove_orphans()
    assert removed == ["orphan", "reused"]


def test_a_registry_that_writes_says_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, ...]] = []
    monkeypatch.setattr(registry, "docker", lambda *words: (said.append(words), "")[1])
    monkeypatch.setattr(registry, "_answering", lambda container: "127.0.0.1:1")
    with registry.serving("image"):
        pass
    (started,) = [words for words in said if words[0] == "run"]
    assert f"isolab.process={os.getpid()}:{start_of(os.getpid())}" in started
    assert said[-1][0] == "rm"
