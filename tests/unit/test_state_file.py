"""The state: where it is, and one sentence where it cannot be read."""

import json
import os
from pathlib import Path

import pytest

from isolab.cli import main
from machine import paths
from machine.deployment import config, state
from machine.deployment.control import AnotherBackend, StackControl
from machine.deployment.state import Unreadable
from machine.engine import pulumi_cli

WHOLE = json.dumps({"version": 3, "checkpoint": {"latest": {"resources": []}}})


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ("file://~", Path.home()),
        ("file://~/labs", Path.home() / "labs"),
        ("file:///srv/a%20b", Path("/srv/a b")),
        ("file://./labs", paths.REPO / "labs"),
        ("file://.", paths.REPO),
        ("file://../labs?no_tmp_dir=true", paths.REPO.parent / "labs"),
    ],
)
def test_a_file_backend_has_one_folder(given: str, folder: Path) -> None:
    assert state.folder_of(given) == folder / ".pulumi"
    assert state.resolved(state.resolved(given)) == state.resolved(given)
    assert state.resolved(given).partition("?")[2] == given.partition("?")[2]


def test_another_backend_is_as_it_is() -> None:
    assert state.resolved("https://api.pulumi.com") == "https://api.pulumi.com"
    assert state.folder_of("s3://bucket") is None


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the state of stack s belongs."""
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", (tmp_path / "state").as_uri())
    monkeypatch.setattr(config, "STACKS", tmp_path)
    monkeypatch.setattr(pulumi_cli, "executable", lambda: Path("/bin/false"))
    folder = tmp_path / "state/.pulumi/stacks/isolab"
    folder.mkdir(parents=True)
    return folder / "s.json"


@pytest.mark.parametrize("broken", [WHOLE[:-20], "", "[]", '{"checkpoint": {"latest": 3}}'])
def test_a_state_that_is_cut_off_names_the_newest_copy_that_is_whole(
    file: Path, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(broken)
    with pytest.raises(Unreadable, match="there is no copy"):
        StackControl("s").state()
    beside = file.with_name("s.json.bak")
    beside.write_text(WHOLE)
    backups = file.parents[2] / "backups/isolab/s"
    backups.mkdir(parents=True)
    (backups / "s.2.json").write_text(WHOLE[:30])
    os.utime(beside, (1, 1))
    for command in ("status", "down", "reset"):
        words = ["--stack", "s"]
        assert main([command, *words]) == 3
        said = capsys.readouterr().err
        assert f"cp {beside} {file}" in said
        assert "line 1" not in said
    assert file.read_text() == broken


def test_a_state_of_a_newer_version_says_so(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(json.dumps({"version": 5, "checkpoint": {}}))
    assert main(["status", "s"]) == 3
    assert "has version 5, but this isolab reads only up to 4" in capsys.readouterr().err


def test_a_stack_stays_in_the_backend_it_was_made_in(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(WHOLE)
    own = os.environ["PULUMI_BACKEND_URL"]
    config.file("s").write_text(f"config:\n  isolab:backend: {own}\n")
    known = StackControl("s").state()
    assert known is not None
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///elsewhere")
    with pytest.raises(AnotherBackend):
        StackControl("s")
    assert main(["down", "--yes", "s"]) == 3
    said = capsys.readouterr().err
    assert own in said
    assert "file:///elsewhere" in said
    assert config.file("s").exists()
