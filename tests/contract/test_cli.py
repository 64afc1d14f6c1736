"""Every command follows the conventions of the command line."""

import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from isolab.cli import COMMANDS, main
from isolab.cli.errors import BAD_INPUT, FAILED

REPO = Path(__file__).parents[2]
REFERENCE = str(REPO / "stacks/reference.yaml")
WITH_JSON = ("status", "diff", "preview", "doctor", "validate", "bench", "check")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_name_one_line_and_help(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module(f"isolab.cli.commands.{name}")
    assert name == module.NAME
    assert "\n" not in module.HELP
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"./lab {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", WITH_JSON)
def test_json_is_offered_where_it_is_promised(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([name, "--help"])
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["validate", REFERENCE, "--json"],
        ["diff", "--from", REFERENCE, "--to", REFERENCE, "--json"],
        ["status", "no-such-stack", "--json"],
        ["doctor", "--json"],
        ["class", "status", "--json"],
        ["checkpoint", "list", "--json"],
        ["image", "list", "--json"],
    ],
    ids=" ".join,
)
def test_a_document_has_its_version_at_the_top(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(words)
    document = json.loads(capsys.readouterr().out)
    assert next(iter(document.items())) == ("version", 1)


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert set(COMMANDS) <= set(listed)


def test_what_a_command_writes_is_writable_for_no_group(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        main(["--version"])
        (tmp_path / "folder").mkdir()
    finally:
        os.umask(before)
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o755


def test_a_stricter_login_stays_strict(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        main(["--version"])
        (tmp_path / "folder").mkdir()
    finally:
        os.umask(before)
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700


def test_an_unknown_command_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fly"]) == BAD_INPUT
    assert "fly" in capsys.readouterr().err


def test_a_missing_lab_file_is_bad_input_and_touches_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["up", "no-such-lab"]) == BAD_INPUT
    assert "no-such-lab.yaml" in capsys.readouterr().err
    assert not (REPO / "stacks" / "Pulumi.no-such-lab.yaml").exists()


def test_the_status_of_no_stack_is_one_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", tmp_path.as_uri())
    assert main(["status", "--json", "no-such-stack"]) == FAILED
    document = json.loads(capsys.readouterr().out)
    assert {"stack", "host", "guests", "endpoints"} <= set(document)


def test_diff_starts_without_what_only_other_commands_need() -> None:
    others = [f"isolab.cli.commands.{name}" for name in ("up", "status")]
    heavy = ["pulumi", "libvirt", "docker", "grpc", *others]
    here = "import sys, isolab.cli.commands.diff"
    script = f"{here}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPO, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_version_is_that_of_the_changelogs_newest_release_or_before_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--version"]) == 0
    said = capsys.readouterr().out.split()
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    assert said == ["isolab", project["version"]]
    headings = re.findall(r"^## (.+)$", (REPO / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = [heading.split()[0].strip("[]") for heading in headings if heading != "Unreleased"]
    assert released[:1] in ([], [project["version"]])
