"""A lab file is compared with what it was at a revision of git."""

import json
import subprocess
from pathlib import Path

import pytest

from isolab.cli import main

LAB = """\
guests: {app: {}}
services:
  web:
    image: isolab/guestbook:1
    volumes: ["./page:/page:ro"]
"""


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=A tester", "-c", "user.email=tester@example.org")
    subprocess.run(["git", "-C", folder, *identity, *words], check=True)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lab file with a folder that it mounts, committed."""
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_BACKEND_URL", (tmp_path / "home").as_uri())
    file = tmp_path / "repository" / "shop.yaml"
    (file.parent / "page").mkdir(parents=True)
    file.write_text(LAB)
    for name, mode in (("index.html", 0o640), ("run", 0o750)):
        (file.parent / "page" / name).write_text("hello")
        (file.parent / "page" / name).chmod(mode)
    git(file.parent, "init", "--quiet")
    git(file.parent, "add", ".")
    git(file.parent, "commit", "--quiet", "--message", "A shop")
    return file


def changes(lab: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, list[str]]]:
    assert main(["diff", "--against", "HEAD", "--json", str(lab)]) == 0
    told = json.loads(capsys.readouterr().out)["changes"]
    return [(change["name"], change["reasons"]) for change in told]


def test_nothing_changes_where_nothing_was_edited(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert changes(lab, capsys) == []


def test_what_is_mounted_counts_also_its_mode(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited = [("web", ["copy of page at /page changed"])]
    (lab.parent / "page" / "index.html").write_text("good bye")
    assert changes(lab, capsys) == edited
    git(lab.parent, "checkout", "--quiet", ".")
    assert changes(lab, capsys) == []
    (lab.parent / "page" / "run").chmod(0o640)
    assert changes(lab, capsys) == edited


def test_a_change_since_a_revision_is_drawn(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab.write_text(LAB.replace("app: {}", "app: {memory: 2GiB}"))
    assert main(["draw", str(lab), "--against", "HEAD"]) == 0
    assert "guest app-1 replaced: memory" in capsys.readouterr().out
    assert main(["draw", str(lab), "--against", "HEAD", "--diff"]) == 0
    capsys.readouterr()
    assert main(["draw", str(lab), "--against", "HEAD", "--diff", str(lab)]) == 2
    assert main(["draw", "shop", "--against", "HEAD", "--live"]) == 2


def test_a_revision_or_a_file_that_is_not_there_is_bad_input(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["diff", "--against", "nowhere", str(lab)],
                    ["draw", "--against", "nowhere", str(lab)]):  # fmt: skip
        assert main(command) == 2
        assert "nowhere" in capsys.readouterr().err
    other = lab.with_name("other.yaml")
    other.write_text(LAB)
    assert main(["diff", "--against", "HEAD", str(other)]) == 2
    assert "other.yaml" in capsys.readouterr().err
