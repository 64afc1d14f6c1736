"""Broken lab files beside the errors they get, good ones beside their plans."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.plan.serialize import dumps, loads, without_secrets

LABS = Path(__file__).parents[1] / "labs"
INVALID = sorted((LABS / "invalid").glob("*.yaml"))
VALID = sorted([*(LABS / "valid").glob("*.yaml"), *(LABS / "compose").glob("*.yaml")])
Golden = Callable[[Path, str], None]


def planned(file: Path) -> Plan | tuple[object, ...]:
    return plan_file(file.relative_to(LABS), {}, Surroundings(stack=file.stem))


@pytest.fixture(autouse=True)
def in_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(LABS)


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_a_broken_lab_file_gets_its_errors(file: Path, golden: Golden) -> None:
    problems = planned(file)
    assert isinstance(problems, tuple)
    assert problems
    golden(file.with_suffix(".txt"), "".join(f"{problem}\n" for problem in problems))


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_a_lab_file_becomes_its_plan(file: Path, golden: Golden) -> None:
    plan = planned(file)
    assert isinstance(plan, Plan), "\n".join(map(str, plan))
    text = dumps(plan)
    assert loads(text) == without_secrets(plan)
    # Folders that are built or mounted have absolute paths, which differ from checkout to checkout.
    text = json.dumps(json.loads(text), indent=1).replace(str(LABS), "/labs")
    golden(file.with_suffix(".json"), f"{text}\n")
