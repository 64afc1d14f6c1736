"""The docs name tests that there are, and faults of the campaign."""

import re
from pathlib import Path

import pytest

from benchmarks.campaign.faults import FAULTS

REPO = Path(__file__).parents[2]
TEXT = (REPO / "docs/reliability.md").read_text()
BOTH = TEXT + (REPO / "docs/machines.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", BOTH)))


def test_tests_are_named() -> None:
    assert len(NAMED) > 30


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_test_that_is_named_is_there(file: str, test: str) -> None:
    assert f"def {test}(" in (REPO / file).read_text()


def test_a_fault_that_is_named_is_one() -> None:
    given = set(re.findall(r"--only ([\w-]+)", TEXT))
    assert given
    assert given <= {fault.name for fault in FAULTS}
