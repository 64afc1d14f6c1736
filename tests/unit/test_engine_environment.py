"""What the engine runs with, by a program in its place that tells its environment."""

from pathlib import Path

import pytest

from machine.deployment.engine import Engine, Outcome

TELLS = """#!/bin/sh
echo "checkpoints: ${PULUMI_SKIP_CHECKPOINTS:-written}"
"""


@pytest.mark.parametrize(("command", "told"), [("preview", "true"), ("up", "written")])
def test_only_a_preview_leaves_the_state_unwritten(
    tmp_path: Path, command: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin/pulumi"
    program.parent.mkdir()
    program.write_text(TELLS)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    engine = Engine({"PATH": f"{program.parent}:/usr/bin:/bin"}, tmp_path / "log", tmp_path / "run")
    outcome = Outcome()
    list(engine.operate(outcome, command))
    assert outcome.code == 0
    assert outcome.output == f"checkpoints: {told}\n"
