"""The drawings in README and docs are those that the program makes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from isolab.diff.compare import diff
from isolab.draw import draw
from isolab.draw.make import drawing_of, drawing_of_changes
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.units import MiB

REPO = Path(__file__).parents[2]


@pytest.fixture
def reference() -> Plan:
    plan = plan_file(REPO / "stacks" / "reference.yaml", {}, Surroundings(stack="reference"))
    assert isinstance(plan, Plan)
    return plan


def with_drawing(file: Path, command: str, drawing: str) -> str:
    """The file's text with the drawing in the fence behind its command."""
    text = file.read_text(encoding="utf-8")
    mark = f"<!-- {command} -->\n```"
    assert text.count(mark) == 1, f"{file.name} has no drawing of {command}"
    begin = text.index("\n", text.index(mark) + len(mark)) + 1
    return text[:begin] + drawing + text[text.index("```", begin) :]


def test_the_readme_shows_the_reference_lab(
    reference: Plan, golden: Callable[[Path, str], None]
) -> None:
    file = REPO / "README.md"
    boxes = draw(drawing_of(reference), "text").split("\n\n", 1)[1]
    golden(file, with_drawing(file, "./lab draw reference", boxes))


def test_the_docs_show_it_in_other_formats_and_a_change(
    reference: Plan, golden: Callable[[Path, str], None]
) -> None:
    file = REPO / "docs" / "drawings.md"
    mermaid = draw(drawing_of(reference), "mermaid")
    golden(file, with_drawing(file, "./lab draw reference --format mermaid", mermaid))
    (guest,) = reference.guests
    bigger = replace(reference, guests=(replace(guest, memory=MiB(2048)),))
    change = drawing_of_changes(reference, bigger, diff(reference, bigger))
    golden(file, with_drawing(file, "./lab draw --diff", draw(change, "text")))
    golden(REPO / "docs" / "drawings" / "reference.svg", draw(drawing_of(reference), "svg"))
