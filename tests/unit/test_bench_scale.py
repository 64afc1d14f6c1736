"""What benchmarks beside another build are made of: alternation, medians, a build of a revision."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import builds, cost, measured, scale
from isolab.cli.commands import bench
from isolab.cli.errors import BAD_INPUT, Failure
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from machine import paths
from machine.engine import pulumi_cli


def test_builds_run_in_alternation_and_none_is_always_first() -> None:
    ran: list[str] = []

    def run(what: str) -> int:
        ran.append(what)
        return len(ran)

    assert measured.alternately(3, ["a", "b"], run) == [[1, 4, 5], [2, 3, 6]]
    assert "".join(ran) == "abbaab"


def test_a_row_has_medians_and_spreads() -> None:
    one = measured.row_of("up", "s", [[1.0, 5.0, 2.0], [8.0, 4.0, 3.0]])
    assert (one.value, one.against, one.ratio) == (2.0, 4.0, 0.5)
    assert (one.spread, one.against_spread) == (4.0, 5.0)
    alone = measured.row_of("up", "s", [[2.0]])
    assert (alone.value, alone.against, alone.ratio, alone.spread) == (2.0, None, None, 0.0)


def test_the_time_of_what_outlives_its_parent_counts(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    leaves = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {busy!r}])"
    assert cost.of([sys.executable, "-c", leaves], {}, tmp_path).processor > 0.3


def test_a_command_that_fails_says_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(Failure) as failed:
        cost.of(["sh", "-c", "echo no such thing; exit 3"], {}, tmp_path)
    assert "no such thing" in failed.value.hint


@pytest.mark.parametrize("count", [1, 80])
def test_a_lab_of_any_size_has_a_plan(count: int, tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_text(scale.lab(count))
    plan = plan_file(file, {}, Surroundings(stack="bench-scale"))
    assert isinstance(plan, Plan), plan
    assert len(plan.containers) == count * scale.SERVICES
    assert {len(guest.containers) for guest in plan.guests} == {scale.SERVICES}


def test_a_revision_has_a_folder_of_its_own_as_long_as_it_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([*git, *words], check=True)
    monkeypatch.setattr(paths, "REPO", tmp_path)
    with builds.compared("HEAD") as (here, there):
        assert (here.folder, there.name) == (tmp_path, "HEAD")
        assert (there.folder / ".git").exists() and (there.folder / ".venv").exists()
    assert not there.folder.exists()
    with pytest.raises(Failure) as failed, builds.compared("none-such"):
        pass
    assert failed.value.exit_code == BAD_INPUT


def test_only_what_boots_no_guest_is_measured_beside_a_revision() -> None:
    import argparse

    parser = argparse.ArgumentParser()
    bench.configure(parser)
    with pytest.raises(Failure, match="up is not measured beside a revision") as failed:
        bench.run(parser.parse_args(["up", "--against", "HEAD"]))
    assert failed.value.exit_code == BAD_INPUT


@pytest.mark.slow
def test_a_build_finds_images_that_nobody_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi_cli, "executable", lambda: Path("/bin/true"))
    scale._prepare(tmp_path / "cache")
    build = builds.Build(name="this build", folder=paths.REPO)
    made = scale._Bench.of(build, tmp_path)
    look = "from machine.images import guest_image, service_images as services\n"
    look += "assert guest_image.find() and services.registry_files()"
    cost.of([sys.executable, "-c", look], made.variables, build.folder)
