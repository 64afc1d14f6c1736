"""The course's pages in a real browser: linked, readable in both themes, offline."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from isolab.lessons import pages, read, texts
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

REPO = Path(__file__).parents[2]


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_learner_reads_the_course_from_the_first_page_to_the_last(
    browser: Browser, tmp_path: Path, language: str
) -> None:
    plan = plan_file(REPO / "stacks" / "reference.yaml", {}, Surroundings(stack="reference"))
    assert isinstance(plan, Plan)
    course = tuple(texts.translated(lesson, language) for lesson in read.catalogue())
    plans = {lesson.id: plan for lesson in course}
    for name, text in pages.pages(course, plan, plans, {}, language).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    page = browser.new_page(viewport={"width": 700, "height": 900})
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto((tmp_path / pages.INDEX).as_uri())
    page.click("table a >> nth=0")
    for lesson in course:
        assert lesson.title in page.inner_text("h1")
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.emulate_media(color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
        page.emulate_media(color_scheme="light")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 700, f"{lesson.id} is wider than the window"
        page.click("details summary >> nth=-1")
        assert lesson.questions[-1].answer in page.inner_text("main")
        following = page.locator("nav span >> nth=1 >> a")
        if following.count():
            following.click()
    page.close()
    assert complaints == []
    assert all(url.startswith("file:") for url in requests)
