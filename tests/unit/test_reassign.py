"""What is handed over before an up: only by what stands, and only where something is."""

from isolab.cli.context import reassign
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from machine import paths
from machine.deployment.control import StackControl


class _Untouchable(StackControl):
    def __init__(self) -> None:
        """Of no stack: whatever it is asked for is missing."""


def test_where_no_lab_stands_nobody_has_anything_to_give() -> None:
    planned = plan_file(paths.REPO / "stacks" / "reference.yaml", {}, Surroundings(stack="s"))
    assert isinstance(planned, Plan)
    reassign.remove_holders(_Untouchable(), None, planned, ["app"])
    reassign.remove_holders(_Untouchable(), planned, planned, ["app"])
