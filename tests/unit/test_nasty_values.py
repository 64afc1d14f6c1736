"""Values of a lab file are data in every output: none ends a line, a cell, a string or an element.

Each value is put where lab files take free text, and every output is compared with that of a
harmless one of the same lab.
"""

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from isolab.cli.commands.diff import told
from isolab.cli.context import consent
from isolab.diff.change import Loss
from isolab.diff.compare import diff
from isolab.draw import draw
from isolab.draw.make import drawing_of, drawing_of_changes
from isolab.model import Problem
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import examine_file
from isolab.visible import visible

NASTY = {
    "escape": "a\x1b]52;c;aGk=\x07b",
    "colour": "a\x1b[31mb",
    "c1": "a\x9b31mb",
    "return": "a\rb",
    "line": "a\nb",
    "separator": "a\u2028b",
    "bidirectional": "a\u202eb",
    "cell": "a | b | c",
    "code": "a `b` ```c",
    "fence": "```\n# heading",
    "image": "![a](https://example.invalid/b.png)",
    "link": "[a](https://example.invalid)",
    "address": "https://example.invalid",
    "mention": "@somebody",
    "emphasis": "**a** _b_ ~~c~~",
    "element": "<img src=x onerror=y>",
    "script": "</script><script>a()</script>",
    "comment": "<!-- a",
    "entity": "&lt;b&gt; &#64;",
    "quote": "a\"b'c",
    "backslash": 'a\\" b\\N',
    "mermaid": 'a"] --> b[("c',
    "end": "end",
    "dot": 'a"]; b -> c; {',
    "percent": "%%{init: {}}%%",
    "tex": "$$a$$",
}
HARMLESS = "plain words"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def planned(folder: Path, value: str, memory: str = "768MiB") -> Plan:
    lab: Any = {
        "description": value,
        "guests": {"app": {"memory": memory}},
        "services": {
            "web": {
                "image": "isolab/guestbook:1",
                "command": [value],
                "user": "1" if memory == "768MiB" else value,
                "labels": {"told": value},
                "environment": {"TOLD": value},
                "working_dir": f"/{value}",
                "volumes": ["data:/data"],
                "healthcheck": {"test": ["CMD", value]},
            }
        },
        "volumes": {"data": {}},
    }
    file = folder / "lab.yaml"
    # A dollar sign would be a variable.
    file.write_text(yaml.safe_dump(lab).replace("$", "$$"))
    plan = examine_file(file, {}, Surroundings(stack="s")).plan
    assert plan is not None
    return plan


def outputs(folder: Path, value: str) -> dict[str, str]:
    """Everything that is told of a lab with this value, and of a change to it."""
    old, new = planned(folder, value), planned(folder, value, "1GiB")
    found = diff(old, new)
    drawn = drawing_of_changes(old, new, found)
    made = {f"draw {form}": draw(drawing_of(old), form) for form in FORMATS}
    made |= {f"draw --diff {form}": draw(drawn, form) for form in FORMATS}
    for form in ("text", "json", "markdown"):
        made[f"diff {form}"] = "\n".join(told(form, "s", found, old, new))
    return made


FORMATS = ("text", "mermaid", "dot", "svg", "html")


@pytest.mark.parametrize("name", NASTY)
def test_a_value_is_data_in_every_output(name: str, tmp_path: Path) -> None:
    nasty, plain = outputs(tmp_path, NASTY[name]), outputs(tmp_path, HARMLESS)
    for what, text in nasty.items():
        assert not CONTROL.search(text), (what, CONTROL.search(text))
        form = what.split()[-1]
        if form in SKELETONS:
            assert SKELETONS[form](text) == SKELETONS[form](plain[what]), what


def of_mermaid(text: str) -> list[str]:
    """Without titles and what stands in quotes."""
    lines = (re.sub(r'"[^"]*"', '""', line) for line in text.splitlines())
    return [re.sub(r"(accTitle|accDescr):.*", r"\1", line) for line in lines]


def of_dot(text: str) -> list[str]:
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', text, flags=re.DOTALL).splitlines()


def of_svg(text: str) -> set[str]:
    return {element.tag for element in ET.fromstring(text).iter()}


class Elements(HTMLParser):
    """Which elements and attributes a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, ...]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add((tag, *sorted(name for name, _ in attrs)))


def of_html(text: str) -> set[tuple[str, ...]]:
    page = Elements()
    page.feed(text)
    return page.found


def of_markdown(text: str) -> list[str]:
    """Where each line begins, how many cells it has, and what is special in it."""
    found: list[str] = []
    for line in re.sub(r"```mermaid.*?```", "", text, flags=re.DOTALL).splitlines():
        bare = re.sub("\\\\[^\\w\\s]|@\u2060", "", line)
        special = re.sub(r"[^|`*~<>@\[\]!$]|(?<=\w)_(?=\w)", "", bare)
        found.append(f"{line[:2]} {special} {'://' in bare}")
    return found


def of_json(text: str) -> list[str]:
    return sorted(json.loads(text))


SKELETONS = {
    "mermaid": of_mermaid,
    "dot": of_dot,
    "svg": of_svg,
    "html": of_html,
    "markdown": of_markdown,
    "json": of_json,
}


@pytest.mark.parametrize("name", NASTY)
def test_a_problem_and_a_question_are_one_line(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "lab.yaml"
    guests = {"app": {"memory": NASTY[name]}}
    services = {"web": {"image": "a:1", "restart": NASTY[name]}}
    file.write_text(yaml.safe_dump({"guests": guests, "services": services}).replace("$", "$$"))
    problems = examine_file(file, {}, Surroundings(stack="s")).errors
    assert problems
    for problem in problems:
        assert isinstance(problem, Problem)
        assert not re.search(f"\n|{CONTROL.pattern}", str(problem))
    loss = Loss(
        guest="app-1", volume="", containers=("c",), because="", copy="/p", source=NASTY[name]
    )
    consent.tell([loss])
    assert not CONTROL.search(capsys.readouterr().err)


def test_what_cannot_be_seen_is_written_as_a_number() -> None:
    assert visible("a\x1b[1m\u202eb\nc\td") == "a\\x1b[1m\\u202eb\\x0ac\\x09d"
    assert visible("a\nb\x9b", keep="\n") == "a\nb\\x9b"
    assert visible("Ä 語 €") == "Ä 語 €"
