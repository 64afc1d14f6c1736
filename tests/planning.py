"""Plans of lab files that a test writes, and what differs between two of them."""

from pathlib import Path

from isolab.diff.change import Change
from isolab.diff.compare import diff
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file


def plan(folder: Path, text: str) -> Plan:
    """The plan of a lab file."""
    file = folder / "lab.yaml"
    file.write_text(text)
    planned = plan_file(file, {}, Surroundings(stack="test"))
    assert isinstance(planned, Plan), "\n".join(map(str, planned))
    return planned


def edited(folder: Path, text: str, old: str, new: str) -> tuple[Change, ...]:
    """What an edit of a lab file changes."""
    assert old in text
    return diff(plan(folder, text), plan(folder, text.replace(old, new)))
