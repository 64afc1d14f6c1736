"""The wheel of a release: built from what git has, installed, and run away from the repository."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

REPO = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
REFERENCE = REPO / "stacks/reference.yaml"


def pip(*words: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def requirements(names: Iterator[str] | list[str], known: set[str]) -> set[str]:
    """Names of distributions, and of all that these require on this machine."""
    for text in names:
        wanted = Requirement(text)
        if (wanted.marker and not wanted.marker.evaluate({"extra": ""})) or wanted.name in known:
            continue
        known.add(wanted.name)
        requirements(metadata.requires(wanted.name) or [], known)
    return known


def link_dependencies(site: Path) -> None:
    """What the wheel says that it needs, from this environment, and nothing else."""
    for name in requirements(PROJECT["dependencies"], set()):
        distribution = metadata.distribution(name)
        for file in distribution.files or ():
            top = file.parts[0]
            there = Path(str(distribution.locate_file(top)))
            if top != ".." and there.exists() and not (site / top).exists():
                (site / top).symlink_to(there)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what it needs; its command `isolab`."""
    if not (REPO / ".git").exists():
        pytest.skip("not a clone")
    place = tmp_path_factory.mktemp("wheel")
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=REPO, text=True)
    for name in filter(None, listed.split("\0")):
        if (REPO / name).is_file():
            (place / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPO / name, place / "source" / name)
    alone = ("--no-build-isolation", "--no-deps", "--no-index", "--quiet")
    pip("wheel", *alone, "--wheel-dir", place, place / "source")
    shutil.rmtree(place / "source")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "venv"], check=True)
    python = place / "venv/bin/python"
    (wheel,) = place.glob("*.whl")
    pip("--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel)
    (site,) = (place / "venv/lib").glob("python*/site-packages")
    link_dependencies(site)
    return place / "venv/bin/isolab"


def isolab(
    command: Path, *words: str | Path, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """The wheel's command, with nothing of the repository."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [command, *words],
        cwd=folder or command.parent,
        env=environment,
        capture_output=True,
        text=True,
    )


def in_repository(*words: str | Path) -> str:
    """What the same command prints there."""
    command = [sys.executable, "-m", "isolab", *words]
    environment = {**os.environ, "PYTHONPATH": str(REPO)}
    return subprocess.check_output(command, cwd=REPO, env=environment, text=True)


@pytest.mark.slow
def test_it_has_the_version_of_pyproject(installed: Path) -> None:
    assert isolab(installed, "--version").stdout == f"isolab {PROJECT['version']}\n"


@pytest.mark.slow
def test_its_help_lists_all_commands(installed: Path) -> None:
    here = in_repository("--help")
    assert isolab(installed, "--help").stdout == here != ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("validate", REFERENCE),
        ("draw", REFERENCE),
        ("draw", REFERENCE, "--format", "html"),
        ("diff", REFERENCE, REPO / "stacks/replicated.yaml"),
        ("schema",),
    ],
    ids=lambda words: " ".join(str(word).rsplit("/")[-1] for word in words),
)
def test_it_reads_lab_files_as_the_repository_does(
    installed: Path, words: tuple[str | Path, ...]
) -> None:
    there = isolab(installed, *words)
    assert (there.returncode, there.stderr) == (0, "")
    assert there.stdout == in_repository(*words)


@pytest.mark.slow
def test_it_completes_under_its_own_name(installed: Path) -> None:
    said = isolab(installed, "completion", "bash")
    assert (said.returncode, said.stderr) == (0, "")
    assert "-F _shtab_isolab isolab" in said.stdout


@pytest.mark.slow
def test_it_begins_a_project_and_writes_nothing_where_it_is_installed(
    installed: Path, tmp_path: Path
) -> None:
    def there() -> set[Path]:
        return {f for f in installed.parents[1].rglob("*") if "__pycache__" not in f.parts}

    before = there()
    compose = REPO / "tests/labs/compose/queue"
    said = isolab(installed, "new", "--from", compose, folder=tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    assert (tmp_path / "queue.yaml").exists() and (tmp_path / "Pulumi.yaml").exists()
    assert isolab(installed, "validate", "queue.yaml", folder=tmp_path).returncode == 0
    assert there() == before


@pytest.mark.slow
def test_what_needs_the_repository_says_so(installed: Path) -> None:
    said = isolab(installed, "up")
    assert said.returncode == 3 and said.stdout == ""
    assert "up needs isolab's repository" in said.stderr
    assert not (installed.parents[1] / ".isolab").exists()


def test_what_it_needs_is_what_a_lab_runs_on() -> None:
    pinned = (REPO / "requirements.txt").read_text().split()
    assert [each for each in PROJECT["dependencies"] if each not in pinned] == []


def test_the_changelog_has_a_place_for_the_next_release() -> None:
    headings = [
        line.removeprefix("## ").split()[0].strip("[]")
        for line in (REPO / "CHANGELOG.md").read_text().splitlines()
        if line.startswith("## ")
    ]
    assert headings[0] in ("Unreleased", PROJECT["version"])
