"""The glossary's words are those that the repository uses."""

import re
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
GLOSSARY = REPO / "docs/glossary.md"
RETIRED = ("deed", "deeds", "stray", "strays", "givers", "fates", "makeway", "ground", "hóspede")
"""Words of before that a concept of the glossary has no more."""
EXEMPT = ("CHANGELOG.md", "tests/contract/test_glossary.py")


def texts() -> list[Path]:
    """Every file that somebody wrote."""
    if not (REPO / ".git").exists():
        pytest.skip("not a clone")
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=REPO, text=True)
    names = [name for name in listed.split("\0") if name and name not in EXEMPT]
    return [REPO / name for name in names if (REPO / name).is_file()]


def test_no_retired_word_is_left() -> None:
    retired = re.compile(rf"\b({'|'.join(RETIRED)})\b", re.IGNORECASE)
    found = []
    for file in texts():
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{file}:{n}: {line}" for n, line in enumerate(lines, 1) if retired.search(line)]
    assert found == []


@pytest.mark.parametrize(
    "document", [*REPO.glob("*.md"), *(REPO / "docs").rglob("*.md")], ids=lambda path: path.name
)
def test_every_place_that_a_document_names_is_there(document: Path) -> None:
    tops = "isolab|components|machine|benchmarks|airgap|docs|tests|images|findings"
    named = re.findall(rf"`((?:{tops})/[\w./-]+)`", document.read_text())
    assert document != GLOSSARY or len(named) > 20
    real = [name for name in named if "NN-name" not in name]
    assert document.name == "CHANGELOG.md" or [n for n in real if not (REPO / n).exists()] == []


def test_no_concept_stands_twice() -> None:
    rows = [line.split("|")[1] for line in GLOSSARY.read_text().splitlines() if line[:2] == "| "]
    terms = [term.strip() for row in rows for term in row.split(",") if term.strip() != "Term"]
    assert len(terms) == len(set(terms))
