"""Every format draws every example, loses no container, and no label breaks it."""

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from isolab.diff.compare import diff
from isolab.draw import FORMATS, draw
from isolab.draw.fold import MOST
from isolab.draw.make import drawing_of, drawing_of_changes
from isolab.plan.model import Container, Guest, Plan, Surroundings
from isolab.plan.read import plan_file

REPO = Path(__file__).parents[2]
LABS = sorted(
    file
    for folder in ("stacks", "tests/labs/valid", "tests/labs/drawn")
    for file in (REPO / folder).glob("*.yaml")
    if not file.name.startswith("Pulumi.")
)
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    '"]; end',
    "</script><script>alert(1)</script>",
    "a & b < c > d",
    "]]> --> |x| {y} (z) `q` #35;",
    "back\\slash\nand a new line\t\x00",
    "[bold]rich[/bold] %%{init: {}}%%",
    "\x1b[31mred",
    "'; DROP",
    "名前 ü ‮override",
)


def planned(file: Path) -> Plan:
    plan = plan_file(file, {}, Surroundings(stack=file.stem))
    assert isinstance(plan, Plan), "\n".join(map(str, plan))
    return plan


@pytest.fixture(scope="module")
def hostile() -> Plan:
    """A plan with names that no lab file could give it."""
    plan = planned(REPO / "stacks" / "reference.yaml")

    def container(kind: Container, words: str) -> Container:
        return replace(
            kind, name=words, image=words, environment=((words, words),), command=(words,)
        )

    def guest(words: str) -> Guest:
        (known,) = plan.guests
        containers = tuple(
            replace(container(c, f"{words}{c.name}"), guest=words) for c in known.containers
        )
        return replace(known, name=words, group=words, volumes=(words,), containers=containers)

    return replace(plan, name=HOSTILE[0], description=" ".join(HOSTILE),
                   guests=tuple(map(guest, HOSTILE)))  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("file", LABS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_format_draws_every_lab_and_loses_no_container(file: Path, form: str) -> None:
    plan = planned(file)
    text = draw(drawing_of(plan), form)
    named = set(re.findall(r"[\w-]+", text))
    services = {c.service: [] for c in plan.containers} | {
        c.service: [d.name for d in plan.containers if d.service == c.service]
        for c in plan.containers
    }
    for replicas in services.values():
        missing = [name for name in replicas if name not in named]
        # Those that are missing are folded, and more than that are alike.
        assert not missing or len(replicas) > MOST


@pytest.mark.parametrize("form", FORMATS)
def test_a_drawing_is_the_same_each_time(form: str) -> None:
    plan = planned(LABS[0])
    assert draw(drawing_of(plan), form) == draw(drawing_of(plan), form)


def test_text_fits_eighty_columns_and_has_no_control_characters(hostile: Plan) -> None:
    from rich.cells import cell_len

    for plan in (*map(planned, LABS), hostile):
        for line in draw(drawing_of(plan), "text").split("\n"):
            assert cell_len(line) <= 80, line
            assert line.isprintable(), repr(line)


def test_mermaid_keeps_labels_apart_from_syntax(hostile: Plan) -> None:
    for line in draw(drawing_of(hostile), "mermaid").splitlines():
        label = re.search(r'"(.*)"', line)
        if label:
            assert re.fullmatch(r"(?:[^\"<>{}|\[\]`;#&\\]|#\d+;|<br/>)*", label[1]), line
        assert re.match(r"(flowchart TB|  +(subgraph|end|b\d+|class|classDef|linkStyle|acc))", line)


def test_svg_is_xml_whatever_the_words(hostile: Plan) -> None:
    for plan in (*map(planned, LABS), hostile):
        root = ElementTree.fromstring(draw(drawing_of(plan), "svg"))
        assert root.get("role") == "img"
        named = {root.find(f"{SVG}{part}").get("id") for part in ("title", "desc")}  # type: ignore
        assert root.get("aria-labelledby", "").split() == sorted(named, reverse=True)
        allowed = {"svg", "title", "desc", "style", "defs", "pattern", "path", "rect", "g", "text",
                   "circle"}  # fmt: skip
        assert {str(e.tag).removeprefix(SVG) for e in root.iter()} <= allowed


def test_svg_reads_the_picture_out(hostile: Plan) -> None:
    root = ElementTree.fromstring(draw(drawing_of(planned(LABS[0])), "svg"))
    told = root.findtext(f"{SVG}desc") or ""
    assert all(c.name in told for c in planned(LABS[0]).containers)


def test_a_page_is_one_file_and_no_word_becomes_markup(hostile: Plan) -> None:
    for plan in (*map(planned, LABS), hostile):
        page = draw(drawing_of(plan), "html")
        assert "default-src 'none'" in page
        assert not re.search(r"""(src|href)=["'](?!data:,)|url\((?!#hatch)|@import""", page)
        found = Elements()
        found.feed(page)
        assert found.count["script"] == 2, "the page's own, and its data"
        assert not any(name.startswith("on") for name in found.attributes)
        assert not found.open


class Elements(HTMLParser):
    """Counts elements, and finds those that stay open."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta", "link", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def graphviz(text: str) -> str:
    if not shutil.which("dot"):
        pytest.skip("Graphviz is not installed: apt-get install graphviz")
    done = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_graphviz_takes_every_lab_and_hostile_words(hostile: Plan) -> None:
    for plan in (*map(planned, LABS), hostile):
        drawn = graphviz(draw(drawing_of(plan), "dot"))
        assert drawn.count('class="cluster"') >= len(plan.guests) > 0 or len(plan.guests) > MOST


def test_graphviz_takes_a_change(hostile: Plan) -> None:
    old = planned(REPO / "stacks" / "reference.yaml")
    graphviz(draw(drawing_of_changes(old, hostile, diff(old, hostile)), "dot"))
