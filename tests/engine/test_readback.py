"""What a daemon makes of a container's inputs, and the change that a preview then proposes.

The records say what the official plugin proposed, right after an `up` and after a refresh: where it
proposes a change that nobody made, a plugin of isolab's that stays silent would hide it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import docker_bench
import harness
import pytest
import registry

pytestmark = docker_bench.needed

PROGRAM = Path(__file__).with_name("readback_program.py").read_text()
CASES = harness.record("docker-readback.json")

Proposed = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def proposed(
    images: registry.Registry, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Proposed, Proposed]]:
    """The steps of a preview by container: right after an up, and after a refresh."""
    bench = harness.Bench(tmp_path_factory.mktemp("readback") / "bench", PROGRAM, ["docker"])
    bench.place({"registry": images.address, "host": docker_bench.SOCKET})
    bench.scenario({each["case"]: each["inputs"] for each in CASES})
    try:
        bench.up()
        after_up = _steps(bench)
        bench.refresh()
        yield after_up, _steps(bench)
    finally:
        bench.destroy()


def _steps(bench: harness.Bench) -> Proposed:
    told = ("op", "replaceReasons", "detailedDiff")
    return {step["name"]: {name: step[name] for name in told} for step in bench.preview()}


@pytest.mark.parametrize("case", CASES, ids=lambda each: each["case"])
def test_a_preview_proposes_what_the_official_plugin_proposes(
    case: dict[str, Any], proposed: tuple[Proposed, Proposed]
) -> None:
    after_up, after_refresh = proposed
    assert after_up.get(case["case"]) == case["after up"], json.dumps(case["inputs"])
    assert after_refresh.get(case["case"]) == case["after refresh"], json.dumps(case["inputs"])


def test_nothing_else_is_proposed(proposed: tuple[Proposed, Proposed]) -> None:
    names = {each["case"] for each in CASES}
    assert {*proposed[0], *proposed[1]} <= names
