"""The table of single changes that is tried on a deployed lab still fits the reference lab."""

import sys
from pathlib import Path

import pytest

from isolab.model import Problem
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))

from edits import EDITS, edited


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_a_lab_file_without_errors(name: str, tmp_path: Path) -> None:
    file = tmp_path / "edited.yaml"
    file.write_text(edited(name))
    planned: Plan | tuple[Problem, ...] = plan_file(file, {}, Surroundings(stack="reference"))
    assert isinstance(planned, Plan), "\n".join(map(str, planned))
