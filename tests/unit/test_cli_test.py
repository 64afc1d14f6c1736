import argparse
from collections.abc import Sequence

import pytest

from isolab.cli.commands import test as command
from isolab.cli.errors import UNABLE, Failure
from machine.engine import plugins
from machine.engine.plugins import Source
from machine.setup import provision


def names(*words: str) -> list[str]:
    return [part.name for part in command.parts(words, ["airgap"])]


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return parser.parse_args(words)


def test_without_arguments_everything_has_its_say():
    assert names() == [
        "ruff check",
        "ruff format",
        "pyright",
        "import-linter",
        "tests",
        "tests/engine",
        "tests/live",
    ]


def test_tests_that_were_asked_for_run_alone():
    (part,) = command.parts(["tests/unit", "-k", "subnet"], ["airgap"])
    assert part.command[-3:] == ("tests/unit", "-k", "subnet")
    assert "--sandbox" not in part.command


def test_what_touches_the_machine_runs_in_the_sandbox(monkeypatch):
    monkeypatch.delenv("ISOLAB_SANDBOX", raising=False)
    (part,) = command.parts(["tests/live/test_reference.py::test_x"], ["airgap"])
    assert "--sandbox" in part.command


def test_debian_machines_are_tried_where_somebody_asks_for_them_alone():
    assert "tests/machines" not in names()
    assert command.with_machines(["-k", "x"], wanted=False) == ["-k", "x"]
    words = command.with_machines(["-k", "x"], wanted=True)
    assert words == ["tests/machines", "-k", "x"]
    assert command.with_machines(["tests/machines/test_x.py"], wanted=True) == [
        "tests/machines/test_x.py"
    ]


def test_tests_on_debian_machines_run_beside_the_sandbox(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ISOLAB_SANDBOX", raising=False)
    pure, machines, live = command.parts(
        ["tests/unit", "tests/machines/test_x.py", "tests/live", "-x"], ["airgap"]
    )
    assert pure.command[-2:] == ("tests/unit", "-x")
    assert machines.command[-2:] == ("tests/machines/test_x.py", "-x")
    assert "--sandbox" not in machines.command
    assert machines.plugins is None
    assert "--sandbox" in live.command


def test_long_tests_run_where_somebody_asks_for_them():
    assert command.with_marks([], everything=False) == ["-m", "not long"]
    assert command.with_marks(["tests/live"], everything=True) == ["tests/live"]
    assert command.with_marks(["-m", "long"], everything=False) == ["-m", "long"]
    one = ["tests/live/test_x.py::test_y"]
    assert command.with_marks(one, everything=False) == one


STOCK = "tests/live/test_stock_images.py"


@pytest.mark.parametrize(
    ("words", "built"),
    [
        ([], True),
        (["-m", "not long"], False),
        (["tests/live"], True),
        ([f"{STOCK}::test_one"], True),
        (["tests/live/test_guest.py"], False),
        (["tests/unit"], False),
    ],
)
def test_stock_images_are_built_outside_the_sandbox_where_a_test_runs_them(
    monkeypatch: pytest.MonkeyPatch, words: list[str], built: bool
):
    monkeypatch.setattr(command.sandbox, "inside", lambda: False)
    assert bool(command.stock_images(words)) == built
    monkeypatch.setattr(command.sandbox, "inside", lambda: True)
    assert command.stock_images(words) == ()


def test_each_set_of_plugins_has_a_part_of_its_own():
    both = command.parts(["tests/unit", "tests/engine"], ["airgap", "official"])
    assert [(part.name, part.plugins) for part in both] == [
        ("tests", None),
        ("tests in the sandbox", "airgap"),
        ("tests in the sandbox", "official"),
    ]
    everything = command.parts([], ["airgap", "official"])
    assert [part.plugins for part in everything].count("official") == 2


@pytest.mark.parametrize(
    ("environment", "in_use", "source"),
    [
        ({}, "official", "official"),
        ({}, "airgap", "airgap"),
        ({}, None, "airgap"),
        ({"CI": "true"}, "official", "airgap"),
    ],
)
def test_the_set_where_nobody_names_one(
    environment: dict[str, str], in_use: Source | None, source: str
):
    assert command.usual(environment, in_use) == source


@pytest.mark.parametrize("words", [["--machines", "tests/x"], ["tests/x", "--machines"]])
def test_machines_are_asked_for_before_or_behind_what_goes_to_pytest(words: Sequence[str]):
    found = command._with_late_options(parsed(*words))
    assert (found.machines, found.pytest) == (True, ["tests/x"])


@pytest.mark.parametrize(
    "words",
    [
        ["--plugins", "both", "tests/engine", "-k", "docker"],
        ["--plugins=both", "tests/engine", "-k", "docker"],
        ["tests/engine", "--plugins", "both", "-k", "docker"],
        ["tests/engine", "-k", "docker", "--plugins=both", "--yes"],
    ],
)
def test_the_set_is_named_before_or_behind_what_goes_to_pytest(words: Sequence[str]):
    found = command._with_late_options(parsed(*words))
    assert (found.plugins, found.pytest) == ("both", ["tests/engine", "-k", "docker"])


def test_an_official_set_that_is_not_there_ends_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path
):
    ran: list[object] = []
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(provision, "prepare_shared", lambda *words, **more: ran.append(words))
    monkeypatch.setattr(command, "ensure", lambda *words: None)
    monkeypatch.setattr(command, "_run", ran.append)
    with pytest.raises(Failure, match="the official plugins are not on this machine: libvirt"):
        command.run(parsed("--plugins", "both", "tests/engine"))
    assert ran == []
    with pytest.raises(Failure) as failed:
        command.run(parsed("tests/engine", "--plugins=official"))
    assert failed.value.exit_code == UNABLE
    assert plugins.last() is None


def test_while_writing_code_only_what_is_fast_has_its_say():
    *readers, tests = command.fast(command.with_marks(["-x"], everything=False, fast=True))
    assert [part.name for part in readers] == [
        "ruff check",
        "ruff format",
        "pyright",
        "import-linter",
    ]
    options = ("--durations-min=1", "-x", "-m", "not long and not slow")
    assert tests.command[-8:] == (*command.FAST, *command.AT_ONCE, *options)
    assert all(part.plugins is None for part in (*readers, tests))


def test_what_a_linter_says_beside_the_tests_is_told_once_they_have_ended(
    capfd: pytest.CaptureFixture[str],
):
    def part(name: str, script: str) -> command.Part:
        return command.Part(name=name, command=("sh", "-c", script))

    done = command._beside(
        [part("good", "echo quiet"), part("bad", "echo line 7; exit 1"), part("tests", "exit 5")]
    )
    assert [each.code for each in done] == [0, 1, 5]
    said = "".join(capfd.readouterr())
    assert said.index("== tests") < said.index("== bad\nline 7")
    assert "quiet" not in said
    assert command._told(done) == command.FAILED
