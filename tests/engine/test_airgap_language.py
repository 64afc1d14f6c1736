"""The language host on the real engine: how programs end, what they print, what they need."""

import time
from collections.abc import Iterator
from pathlib import Path

import harness
import pytest

pytestmark = pytest.mark.skipif(not harness.engine(), reason="needs a Pulumi CLI")

PROGRAM = """
import json
import sys
from pathlib import Path

import pulumi

do = json.loads(Path("scenario.json").read_text()).get("do", "")
if do == "fail in an apply":
    pulumi.Output.from_input(1).apply(lambda one: one / 0)
else:
    exec(do)
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Bench]:
    yield harness.Bench(tmp_path_factory.mktemp("language") / "bench", PROGRAM, [])


def run(bench: harness.Bench, program: str) -> harness.Outcome:
    bench.scenario({"do": program})
    return bench.run(*harness.UP)


def test_what_it_prints_comes_in_order_and_without_a_warning(bench: harness.Bench) -> None:
    lines = [f"line {number}" for number in range(50)]
    done = run(bench, f"for line in {lines!r}: print(line)")
    assert done.code == 0, done.text
    shown = done.output.split("Diagnostics:")[-1].splitlines()
    assert [line.strip() for line in shown if line.strip().startswith("line ")] == lines
    assert "from $PATH" not in done.text


@pytest.mark.parametrize(
    ("program", "code", "words"),
    [
        ("sys.exit(0)", 0, ""),
        (
            "sys.exit(3)",
            255,
            {"airgap": "the program ended with exit code 3", "official": "non-zero exit code: 3"},
        ),
        ("sys.exit('out of paper')", 255, "out of paper"),
        ("raise pulumi.RunError('no such guest')", 255, "error: no such guest"),
        (
            "import os; os.kill(os.getpid(), 9)",
            255,
            {"airgap": "was ended by signal 9", "official": "non-zero exit code: -1"},
        ),
        ("fail in an apply", 255, "ZeroDivisionError"),
        ("1 +", 255, "SyntaxError"),
    ],
)
def test_a_program_that_fails_says_so_once(
    bench: harness.Bench, program: str, code: int, words: str | dict[str, str]
) -> None:
    words = words if isinstance(words, str) else words[bench.source]
    done = run(bench, program)
    assert (done.code != 0) == (code != 0), done.text
    told = done.output.split("Diagnostics:")[-1]
    assert words in told
    assert told.count("Traceback") <= 1
    assert "site-packages" not in told
    assert "KeyboardInterrupt" not in done.text


def test_a_program_that_never_ends_is_ended(bench: harness.Bench, tmp_path: Path) -> None:
    mark = tmp_path / "waits"
    bench.scenario({"do": f"Path({str(mark)!r}).touch(); import time; time.sleep(60)"})
    done, took = bench.interrupted_up(mark.exists)
    assert done.code != 0
    assert took < 12
    if bench.source == "airgap":  # the official one shows where its own loop was interrupted
        assert "Traceback" not in done.text


def test_dependencies_are_installed_and_told(bench: harness.Bench) -> None:
    project = bench.folder / "project"
    settings = "runtime: {name: python, options: {virtualenv: own}}\n"
    (project / "Pulumi.yaml").write_text(f"name: bench\n{settings}")
    (project / "requirements.txt").write_text("# nothing, and nobody to ask for it\n")
    began = time.monotonic()
    bench.must("install", "--non-interactive")
    assert (project / "own" / "bin" / "python").exists()
    about = bench.must("about", "--stack", "test").output
    assert f"executable='{project}/own/bin/python'" in about
    # The program's own interpreter is used: it has no SDK yet.
    said = run(bench, "").text
    words = {
        "airgap": f"{project}/own/bin/python has no usable Pulumi SDK",
        "official": "It looks like the Pulumi SDK has not been installed",
    }
    assert words[bench.source] in said
    bench.must("install", "--non-interactive")
    assert time.monotonic() - began < 120
    (project / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
    # One that no other package asks for: the official language host tells no others.
    assert "pulumi_docker " in bench.must("about", "--stack", "test").output.replace("-", "_")
