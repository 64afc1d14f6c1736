"""Every lab file that comes with isolab can be built as it stands."""

from dataclasses import replace
from pathlib import Path

import pytest

from isolab import labfile
from isolab.diff.compare import diff
from isolab.model import Lab
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


def services_of(name: str) -> Lab:
    """An example without its name, its guests and what runs where."""
    lab = labfile.load(STACKS / f"{name}.yaml", {})
    assert isinstance(lab, Lab), lab
    return replace(lab, name="", file="", description="", guests=(), placement={}, positions={})


def test_a_guest_for_each_service_is_a_matter_of_placement_alone() -> None:
    assert services_of("separate") == services_of("reference")
