"""What all tests share: goldens, and the set of plugins that those on the engine run on."""

import time
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import hypothesis
import pytest
from xdist.workermanage import WorkerController

from machine.engine import plugins

ON_AN_ENGINE = ("tests/engine", "tests/live")
IN_FIXTURES: defaultdict[str, list[float]] = defaultdict(list)
"""Fixture to the seconds of each of its set-ups, without those of the fixtures that it uses."""

# How long an example takes says more about what else the machine does than about the code.
hypothesis.settings.register_profile("isolab", deadline=None)
hypothesis.settings.load_profile("isolab")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens", action="store_true", help="write the goldens again; read them after"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with its golden file, or writes it with --update-goldens."""

    def compare(file: Path, text: str) -> None:
        if request.config.getoption("--update-goldens"):
            file.write_text(text, encoding="utf-8")
        assert file.exists(), f"{file.name} is missing: run with --update-goldens, then read it"
        assert text == file.read_text(encoding="utf-8")

    return compare


def pytest_report_header(config: pytest.Config) -> str:
    return f"plugins: {_plugins()}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # A quiet run shows no header.
    reports = (each for reports in terminalreporter.stats.values() for each in reports)
    if any(str(getattr(r, "nodeid", "")).startswith(ON_AN_ENGINE) for r in reports):
        terminalreporter.write_line(f"plugins: {_plugins()}")
    _tell_slow_fixtures(terminalreporter)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    """Pytest's own durations name the test that happened to be the first to ask for a fixture."""
    begin = time.monotonic()
    try:
        return (yield)
    finally:
        IN_FIXTURES[f"{fixturedef.baseid}::{fixturedef.argname}"].append(time.monotonic() - begin)


def pytest_sessionfinish(session: pytest.Session) -> None:
    # Where several run at once, each hands its own to the one that tells them.
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["in_fixtures"] = dict(IN_FIXTURES)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController) -> None:
    output: Mapping[str, Mapping[str, list[float]]] = getattr(node, "workeroutput", {})
    for name, each in output.get("in_fixtures", {}).items():
        IN_FIXTURES[name] += each


def _tell_slow_fixtures(terminalreporter: pytest.TerminalReporter) -> None:
    least = terminalreporter.config.getoption("durations_min")
    slow = {name: each for name, each in IN_FIXTURES.items() if sum(each) >= least}
    for name, each in sorted(slow.items(), key=lambda pair: -sum(pair[1])):
        terminalreporter.write_line(f"fixture {name}: {sum(each):.1f} s, set up {len(each)} times")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What airgap alone does is tested on airgap alone; its mark says what that is."""
    if _plugins() == "airgap":
        return
    for item in items:
        if mark := item.get_closest_marker("airgap"):
            item.add_marker(pytest.mark.skip(reason=f"airgap alone: {mark.args[0]}"))


def _plugins() -> plugins.Source:
    return plugins.choice() or "airgap"
