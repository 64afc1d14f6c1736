"""Every lab file that comes with isolab can be built as it stands."""

from pathlib import Path

import pytest

from isolab.architecture.diff import diff
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.plan.serialize import dumps, loads

STACKS = Path(__file__).parents[2] / "stacks"
LABS = sorted(f for f in STACKS.glob("*.yaml") if not f.name.startswith("Pulumi."))


@pytest.mark.parametrize("file", LABS, ids=lambda file: file.stem)
def test_an_example_loads_and_plans(file: Path) -> None:
    plan = plan_file(file, {}, Surroundings(stack=file.stem))
    assert isinstance(plan, Plan), "\n".join(map(str, plan))
    assert plan.name == file.stem
    assert plan.description, "an example says what it shows"
    assert diff(loads(dumps(plan)), plan) == ()
    assert all(c.limits.memory and c.limits.cpus and c.limits.pids for c in plan.containers)
