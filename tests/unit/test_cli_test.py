from isolab.cli import test as command


def names(*words: str) -> list[str]:
    return [part.name for part in command.parts(words)]


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
    (part,) = command.parts(["tests/unit", "-k", "subnet"])
    assert part.command[-3:] == ("tests/unit", "-k", "subnet")
    assert "--sandbox" not in part.command


def test_what_touches_the_machine_runs_in_the_sandbox(monkeypatch):
    monkeypatch.delenv("ISOLAB_SANDBOX", raising=False)
    (part,) = command.parts(["tests/live/test_reference.py::test_x"])
    assert "--sandbox" in part.command


def test_long_tests_run_where_somebody_asks_for_them():
    assert command.with_marks([], everything=False) == ["-m", "not long"]
    assert command.with_marks(["tests/live"], everything=True) == ["tests/live"]
    assert command.with_marks(["-m", "long"], everything=False) == ["-m", "long"]
    one = ["tests/live/test_x.py::test_y"]
    assert command.with_marks(one, everything=False) == one
