"""The course as pages: whole, linked, without network, in every language."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from isolab.lessons import pages, read, texts
from isolab.lessons.model import ClaimResult, LessonResult
from isolab.lessons.variables import VARIABLE
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

REPO = Path(__file__).parents[2]
LESSONS = read.catalogue()


class Page(HTMLParser):
    """What a page links to, and the tags that are still open at its end."""

    VOID = frozenset({"meta", "br", "link", "img", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in ("href", "src") and value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


@pytest.fixture(scope="module")
def plan() -> Plan:
    found = plan_file(REPO / "stacks/reference.yaml", {}, Surroundings(stack="reference"))
    assert isinstance(found, Plan)
    return found


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_page_is_whole_and_leads_to_pages_alone(plan: Plan, language: str) -> None:
    course = tuple(texts.translated(lesson, language) for lesson in LESSONS)
    made = pages.pages(course, plan, {lesson.id: plan for lesson in LESSONS}, {}, language)
    assert len(made) == len(LESSONS) + 1
    for name, text in made.items():
        page = Page(text)
        assert page.open == [], name
        assert {link for link in page.links if not link.startswith("#")} <= set(made), name
        assert not VARIABLE.search(page.text), name
    for lesson in course:
        page = Page(made[pages.file(lesson)])
        assert lesson.title in page.text
        assert all(claim.claim in page.text for claim in lesson.claims)
        assert lesson.title in made[pages.INDEX]


def test_the_first_page_describes_the_lab_in_the_learners_language(plan: Plan) -> None:
    course = tuple(texts.translated(lesson, "pt_BR") for lesson in LESSONS)
    made = pages.pages(course, plan, {lesson.id: plan for lesson in LESSONS}, {}, "pt_BR")
    assert plan.description not in Page(made[pages.INDEX]).text


def test_the_last_verdicts_stand_in_the_pages(plan: Plan) -> None:
    lesson = LESSONS[0]
    claims = tuple(
        ClaimResult(
            id=claim.id,
            claim=claim.claim,
            verdict="broken",
            evidence="seen <this>",
            control="that",
            seconds=1,
        )
        for claim in lesson.claims
    )
    last = {lesson.id: LessonResult(id=lesson.id, title=lesson.title, claims=claims)}
    made = pages.pages(LESSONS, plan, {lesson.id: plan for lesson in LESSONS}, last, "en")
    assert "seen &lt;this&gt;" in made[pages.file(lesson)]
    assert 'class="broken">broken' in made[pages.INDEX]
