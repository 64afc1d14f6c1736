"""validate and diff, as a person or a program calls them."""

import json
from pathlib import Path

import pytest

from isolab.cli import main

LABS = Path(__file__).parents[1] / "labs"
REFERENCE = Path(__file__).parents[2] / "stacks" / "reference.yaml"
BROKEN = LABS / "invalid" / "port-out-of-range.yaml"


def test_validate_tells_good_files_from_broken_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(REFERENCE)]) == 0
    assert main(["validate", str(REFERENCE), str(BROKEN)]) == 2
    assert f"{BROKEN}:6:13: services.web.ports[0]: 70000 given" in capsys.readouterr().out


def test_validate_takes_a_labs_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "reference"]) == 0
    assert main(["validate", "refrence"]) == 2
    assert "stacks/refrence.yaml:1:1: cannot be read" in capsys.readouterr().out


def test_validate_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--json", str(REFERENCE), str(BROKEN)]) == 2
    good, broken = json.loads(capsys.readouterr().out)["files"]
    assert good == {"file": str(REFERENCE), "errors": []}
    (error,) = broken["errors"]
    assert set(error) == {"line", "column", "path", "message", "hint"}
    assert (error["line"], error["column"], error["path"]) == (6, 13, "services.web.ports[0]")


def test_a_problem_of_an_included_file_names_that_file(capsys: pytest.CaptureFixture[str]) -> None:
    broken = LABS / "invalid" / "include-with-errors.yaml"
    assert main(["validate", "--json", str(broken)]) == 2
    errors = json.loads(capsys.readouterr().out)["files"][0]["errors"]
    parts = str(LABS / "invalid" / "parts" / "broken.env")
    assert [error.get("file") for error in errors] == [None, parts]


def test_diff_of_two_files_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited = tmp_path / "reference.yaml"
    edited.write_text(REFERENCE.read_text().replace("memory: 1GiB", "memory: 2GiB"))
    assert main(["diff", "--json", "--from", str(REFERENCE), "--to", str(edited)]) == 0
    document = json.loads(capsys.readouterr().out)
    (change,) = document["changes"]
    assert set(document) == {"version", "stack", "data", "lost", "changes", "summary"}
    told = {"layer", "name", "change", "reasons", "effects"}
    assert set(change) == told | {"data", "lost", "order", "seconds"}
    assert change["reasons"] == ["memory 1024 MiB -> 2048 MiB"]
    assert document["summary"] == {"create": 0, "update": 0, "replace": 1, "delete": 0}


def test_diff_with_a_broken_file_touches_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--json", "--from", str(REFERENCE), "--to", str(BROKEN)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "services.web.ports[0]" in output.err


def test_a_warning_fails_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text("guests: {app: {}}\nservices: {web: {image: 'a:1', cpus: 1, scale: 2}}\n")
    assert main(["validate", str(file)]) == 0
    assert "warning: guests.app.vcpus: the containers on app-1" in capsys.readouterr().out
    assert main(["validate", "--json", str(file)]) == 0
    (found,) = json.loads(capsys.readouterr().out)["files"]
    assert found["errors"] == []
    assert [warning["path"] for warning in found["warnings"]] == ["guests.app.vcpus"]
