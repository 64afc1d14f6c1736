"""docs/lab-file.md says what the readers read, and its examples are lab files."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from isolab.labfile.reference import tables
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

REPO = Path(__file__).parents[2]
FILES = REPO / "tests" / "labs" / "compose"
REFERENCE = REPO / "docs" / "lab-file.md"
MARK = re.compile(r"<!-- Made from the readers: .* -->\n")
Golden = Callable[[Path, str], None]


def written() -> tuple[str, list[tuple[str, str]]]:
    """What is written by hand, and in it each example with the heading above it."""
    text = REFERENCE.read_text(encoding="utf-8")
    mark = MARK.search(text)
    assert mark, "the mark above the tables is gone"
    hand = text[: mark.end()]
    heading, examples = "", list[tuple[str, str]]()
    for part in re.split(r"(^#{2,3} [^\n]*\n|^```yaml\n.*?^```\n)", hand, flags=re.M | re.S):
        if part.startswith("#"):
            heading = part.strip("# \n")
        elif part.startswith("```yaml"):
            examples.append((heading, part.removeprefix("```yaml\n").removesuffix("```\n")))
    return hand, examples


def test_its_tables_are_those_of_the_readers(golden: Golden) -> None:
    made = (f"\n### {path or 'The file'}\n\n{table}\n" for path, table in tables().items())
    golden(REFERENCE, written()[0] + "".join(made))


def test_it_has_examples() -> None:
    assert len(written()[1]) >= 14


@pytest.mark.parametrize(("heading", "example"), written()[1])
def test_an_example_is_planned(heading: str, example: str, tmp_path: Path) -> None:
    shutil.copytree(FILES, tmp_path / "labs")
    file = tmp_path / "labs" / "example.yaml"
    file.write_text(example, encoding="utf-8")
    planned = plan_file(file, {}, Surroundings(stack="example"))
    assert isinstance(planned, Plan), "\n".join(map(str, planned))
