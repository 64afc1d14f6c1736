"""Labs and changes of labs beside their drawings."""

from collections.abc import Callable
from pathlib import Path

import pytest

from isolab.diff.compare import diff
from isolab.draw import FORMATS, draw, html
from isolab.draw.drawing import Drawing
from isolab.draw.make import drawing_of, drawing_of_changes
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

LABS = Path(__file__).parents[1] / "labs"
DRAWN = sorted((LABS / "drawn").glob("*.yaml"))
CHANGES = (
    "data-disk-removed",
    "database-environment",
    "guest-added",
    "guest-memory",
    "guest-removed",
    "limits",
    "network-opens",
    "one-of-two-replicas",
    "root-disk",
    "same-lab-in-other-words",
    "service-moved",
    "shared-to-separate",
    "subnet",
)
SUFFIXES = {"text": ".txt", "mermaid": ".mmd", "dot": ".dot", "svg": ".svg", "html": ".html"}
Golden = Callable[[Path, str], None]


def planned(file: Path, stack: str) -> Plan:
    plan = plan_file(file, {}, Surroundings(stack=stack))
    assert isinstance(plan, Plan), "\n".join(map(str, plan))
    return plan


def told(drawing: Drawing, form: str) -> str:
    """The drawing; of a page what depends on the drawing, not its styles and script."""
    return html.body(drawing) if form == "html" else draw(drawing, form)


def changed(name: str) -> Drawing:
    old, new = (planned(LABS / "diffs" / name / f"{side}.yaml", name) for side in ("old", "new"))
    return drawing_of_changes(old, new, diff(old, new))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("file", DRAWN, ids=lambda file: file.stem)
def test_a_lab_has_its_drawing(file: Path, form: str, golden: Golden) -> None:
    drawing = drawing_of(planned(file, file.stem))
    golden(file.with_suffix(SUFFIXES[form]), told(drawing, form))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_has_its_drawing(name: str, form: str, golden: Golden) -> None:
    golden(LABS / "drawn" / "changes" / f"{name}{SUFFIXES[form]}", told(changed(name), form))
