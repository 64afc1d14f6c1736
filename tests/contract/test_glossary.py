"""The glossary's words are those that the repository uses."""

import re
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
GLOSSARY = REPO / "docs/glossary.md"
RETIRED = (
    *("deeds?", "strays?", "strayed", "givers", "fates", "makeway", "ground", "sides", "hóspede"),
    *("turns?", "kept", "(?<!as )well", "anew", "patience", "patiently", "rebuilt at will"),
    *("put right", "against the running lab"),
)
"""Words of before that a concept of the glossary has no more."""
EXEMPT = {
    "CHANGELOG.md": "it tells what was, in the words of then",
    "tests/contract/test_glossary.py": "it lists them",
    "tests/unit/records/c357732/replicated.plan.json": "a plan that this version wrote",
    "docs/demo.cast": "a recording shows what was printed then",
}
PROMISED = {
    r'verdict[^,]*"well"|"well"(, "degraded"|: DONE)|return "well"': "status --json: its verdict",
    r"\b(service|s|web)\.well\b|\bwell(: int$|=sum)": "status --json: the healthy replicas",
    r'"kept"|in JSON `kept`': "diff and preview --json: what becomes of data",
    r'suffix="turn"|::web-1-turn-front': "a resource's name: a new one would replace it",
    r"images/haproxy/turn$|COPY turn |`?\bturn (in|out|alive|reload)\b|`turn`": (
        "the balancer image's program: the states of running labs hold commands that call it"
    ),
    r'"turn"(, \*words|, "alive"|,$)': "the same, word by word",
}
"""What the words may stand in, as a pattern, and why."""


def texts() -> list[Path]:
    """Every file that somebody wrote."""
    if not (REPO / ".git").exists():
        pytest.skip("not a clone")
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=REPO, text=True)
    names = [name for name in listed.split("\0") if name and name not in EXEMPT]
    return [REPO / name for name in names if (REPO / name).is_file()]


def retired_in(line: str) -> list[str]:
    """Retired words, in prose and in names, but for what the line may say."""
    rest = re.sub("|".join(PROMISED), "", line)
    words = "|".join(RETIRED).replace(" ", "[ _]")
    return re.findall(rf"(?<![^\W_])({words})(?![^\W_])", rest, re.IGNORECASE)


@pytest.mark.parametrize(
    "line",
    [
        "until the container is well",
        "def wait_until_well(plan):",
        "PATIENCE = 4.0",
        "stopping to join anew",
        "replicas change by turns",
        "data disk 2 GiB, kept",
        "def _put_right(control):",
    ],
)
def test_a_retired_word_is_found(line: str) -> None:
    assert len(retired_in(line)) == 1


def test_no_retired_word_is_left() -> None:
    found: list[str] = []
    for file in texts():
        name = str(file.relative_to(REPO))
        found += [name] if retired_in(name) else []
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{name}:{n}: {line}" for n, line in enumerate(lines, 1) if retired_in(line)]
    assert found == []


def test_every_exception_is_needed() -> None:
    there = "\n".join(file.read_text(errors="ignore") for file in texts())
    assert [each for each in PROMISED if not re.search(each, there, re.MULTILINE)] == []


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
