"""Which sets of plugins a benchmark runs on, and how its rows are shown."""

import argparse
import json

import pytest

from benchmarks import measured, plugin_sets
from benchmarks.figures import row
from isolab.cli.commands import bench
from isolab.cli.errors import BAD_INPUT, Failure
from machine import sandbox
from machine.steps import Unable


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    bench.configure(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize("words", [["failover"], ["plan"], ["up", "--lab=replicated"]])
def test_both_sets_are_compared_by_one_lab_alone(words: list[str]):
    with pytest.raises(Failure, match="does not run on both sets at once") as failed:
        bench.run(parsed(*words, "--plugins=both"))
    assert failed.value.exit_code == BAD_INPUT
    assert "up of reference" in failed.value.hint


@pytest.mark.parametrize("wanted", ["official", "both"])
def test_an_official_set_that_is_not_there_is_not_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path, wanted: str
):
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path))
    monkeypatch.delenv(sandbox.MARK, raising=False)
    with pytest.raises(Unable, match="official plugins are not on this machine: libvirt"):
        bench.run(parsed(f"--plugins={wanted}"))


def test_steps_run_on_both_sets_alternately(monkeypatch: pytest.MonkeyPatch, tmp_path):
    (tmp_path / "stacks").mkdir()
    file = tmp_path / "stacks" / "reference.yaml"
    file.write_text("services: {web: {environment: {A: b}}}".replace("{A: b}", "\n"))
    monkeypatch.setattr(measured.paths, "REPO", tmp_path)
    ran: list[tuple[str, str | None]] = []

    def took(command: list[str], variables: dict[str, str]) -> float:
        source = variables["ISOLAB_PLUGINS"] if "lab" in command[0] else command[-1][6:]
        ran.append((command[1] if "lab" in command[0] else command[2], source))
        return 3.0 if source == "official" else 2.0

    monkeypatch.setattr(measured, "_seconds", took)
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path / "cache"))
    rows = list(plugin_sets.rows("reference"))
    assert [one.ratio for one in rows] == [1.5] * 6
    assert [command for command, _ in ran[::2]] == ["up", "up", "refresh", "up", "up", "down"]
    firsts = [source for _, source in ran[::2]]
    assert firsts == ["airgap", "official"] * 3
    assert list((tmp_path / "stacks").iterdir()) == [file]


def test_a_row_says_what_it_is_beside(capsys: pytest.CaptureFixture[str]):
    one = row("up with nothing to change", 3.0, "s", 2.0)
    bench._print([one], as_json=False, beside="airgap")
    assert "airgap     2.00   ratio  1.50" in capsys.readouterr().out
    bench._print([one], as_json=True, beside="airgap")
    (told,) = json.loads(capsys.readouterr().out)["rows"]
    assert (told["value"], told["against"], told["ratio"]) == (3.0, 2.0, 1.5)
