"""One command at a time changes a stack, and the second says which one it waits for."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from isolab.cli import main
from machine import paths
from machine.deployment import lock

HOLD = """
import sys, time
from machine.deployment.lock import locked
with locked("s", "up", print):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    """Another process that has stack s."""
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, cwd=paths.REPO
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_the_second_says_who_has_the_stack_and_since_when(
    holder: subprocess.Popen[str],
) -> None:
    said: list[str] = []
    with (
        pytest.raises(lock.Held, match=rf"\./lab up \(process {holder.pid}\) since 20"),
        lock.locked("s", "down", said.append, timeout=0.3),
    ):
        pytest.fail("both have it")
    assert len(said) == 1
    with lock.locked("other", "down", said.append, timeout=0):
        assert len(said) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["down", "--yes", "s"],
        ["reset", "--stack", "s"],
        ["check", "--stack", "s"],
        ["up", "reference", "--stack", "s"],
    ],
    ids=lambda words: words[0],
)
def test_commands_that_change_a_stack_wait_for_it(
    holder: subprocess.Popen[str],
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(lock.time, "monotonic", iter(range(0, 10**6, 100)).__next__)
    assert main(words) == 3
    assert f"in use by ./lab up (process {holder.pid})" in capsys.readouterr().err


def test_a_killed_command_holds_nothing(holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with lock.locked("s", "down", print, timeout=0):
        pass


def test_the_second_goes_on_when_the_first_is_through(holder: subprocess.Popen[str]) -> None:
    threading.Timer(0.5, holder.terminate).start()
    with lock.locked("s", "down", print, timeout=10):
        assert holder.wait(5) == -signal.SIGTERM


FIRST_UP = """\
import sys
from pathlib import Path

from isolab.cli import main
from isolab.cli.commands import up
from machine.deployment import config
from machine.deployment.control import StackControl
from machine.engine import environment

config.STACKS = Path(sys.argv[1])
environment.search_path = lambda path, programs: path


def made_known(arguments, target):
    # The part of an up that decides which seed a stack has.
    StackControl(target.stack).ensure(target.lab, choose_cidr=False)
    return 0


up._run = made_known
sys.exit(main(["up", "reference", "--stack", "s"]))
"""
ENGINE = """\
#!/bin/sh
case "$*" in *isolab:seed*)
    seed=$(cat)
    sleep 0.5
    echo "$seed" >> {folder}/seeds
    printf 'config:\\n  isolab:seed: {{secure: "%s"}}\\n' "$seed" > {folder}/Pulumi.s.yaml
esac
"""


@pytest.mark.slow
def test_two_first_ups_of_one_stack_end_with_one_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pulumi"
    program.write_text(ENGINE.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    words = [sys.executable, "-c", FIRST_UP, str(tmp_path)]
    both = [subprocess.Popen(words, cwd=paths.REPO) for _ in range(2)]
    assert [each.wait(60) for each in both] == [0, 0]
    (seed,) = (tmp_path / "seeds").read_text().split()
    assert seed in (tmp_path / "Pulumi.s.yaml").read_text()
