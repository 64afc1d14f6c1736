"""The HTML drawing in a real browser: it opens, folds, tells details, in both themes, offline."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from isolab.diff.compare import diff
from isolab.draw import draw
from isolab.draw.drawing import Drawing, State
from isolab.draw.make import drawing_of, drawing_of_changes
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

REPO = Path(__file__).parents[2]
LABS = REPO / "tests" / "labs"
ALIKE, EACH = 200, 20


def planned(file: Path) -> Plan:
    plan = plan_file(file, {}, Surroundings(stack=file.stem))
    assert isinstance(plan, Plan), "\n".join(map(str, plan))
    return plan


def changed(name: str) -> Drawing:
    old, new = (planned(LABS / "diffs" / name / f"{side}.yaml") for side in ("old", "new"))
    return drawing_of_changes(old, new, diff(old, new))


def classroom() -> Plan:
    """200 guests that are alike, 20 containers on each."""
    plan = planned(REPO / "stacks" / "reference.yaml")
    (guest,), (web, db) = plan.guests, sorted(plan.containers, key=lambda c: c.service != "web")
    guests = []
    for number in range(1, ALIKE + 1):
        name, address = f"seat-{number}", f"10.1.{number // 250}.{number % 250}"
        services = [replace(web, service=f"web{n}") for n in range(EACH - 1)]
        containers = tuple(
            replace(c, name=f"{c.service}-{number}", replica=number, guest=name,
                    ports=tuple(replace(port, ip=address) for port in c.ports))
            for c in (db, *services)
        )  # fmt: skip
        guests.append(
            replace(guest, name=name, group="seat", address=address, containers=containers)
        )
    return replace(plan, guests=tuple(guests))


class Opened:
    """A page with what it complained about and what it asked the network for."""

    def __init__(self, browser: Browser, file: Path, drawing: Drawing, scheme: str) -> None:
        file.write_text(draw(drawing, "html"), encoding="utf-8")
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page: Page = browser.new_page(
            color_scheme=scheme,  # type: ignore[arg-type]
            viewport={"width": 1300, "height": 900},
        )
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("html[data-ready]")
        self._file = file.as_uri()

    def close(self) -> None:
        self.page.close()
        assert self.complaints == []
        outside = [url for url in self.requests if url != self._file and url != "data:,"]
        assert outside == []


def background(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize("file", sorted((LABS / "drawn").glob("*.yaml")), ids=lambda f: f.stem)
def test_a_page_opens_without_a_complaint_or_a_request(
    browser: Browser, tmp_path: Path, file: Path
) -> None:
    plan = planned(file)
    opened = Opened(browser, tmp_path / "page.html", drawing_of(plan), "light")
    light = background(opened.page)
    opened.page.emulate_media(color_scheme="dark")
    assert background(opened.page) != light
    assert opened.page.title() == file.stem
    shown = opened.page.locator(".card").count()
    assert 1 <= shown <= len(plan.guests)
    opened.close()


def test_a_click_tells_details_and_escape_ends_them(browser: Browser, tmp_path: Path) -> None:
    plan = planned(REPO / "stacks" / "reference.yaml")
    opened = Opened(browser, tmp_path / "page.html", drawing_of(plan), "light")
    page, panel = opened.page, opened.page.locator("#panel")
    assert panel.is_hidden()
    page.get_by_role("button", name="container db-1").click()
    assert panel.locator("h2").inner_text() == "db-1"
    told = panel.inner_text()
    assert "isolab/mariadb:1" in told
    assert "MARIADB_USER" in told
    assert "secret db_password" in told
    panel.get_by_role("button", name="internal back").click()
    assert panel.locator("h2").inner_text() == "back"
    page.keyboard.press("Escape")
    assert panel.is_hidden()
    opened.close()


def test_the_keyboard_alone_reaches_a_containers_details(browser: Browser, tmp_path: Path) -> None:
    plan = planned(REPO / "stacks" / "reference.yaml")
    opened = Opened(browser, tmp_path / "page.html", drawing_of(plan), "light")
    page = opened.page
    for _ in range(30):
        page.keyboard.press("Tab")
        label = page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")
        if label.startswith("container web-1"):
            break
    assert label.startswith("container web-1, isolab/guestbook:1, 8080 → 8000")
    page.keyboard.press("Enter")
    assert page.locator("#panel h2").inner_text() == "web-1"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == label
    opened.close()


def test_a_hover_tells_and_lights_up_what_a_box_is_tied_to(
    browser: Browser, tmp_path: Path
) -> None:
    plan = planned(LABS / "drawn" / "separate.yaml")
    opened = Opened(browser, tmp_path / "page.html", drawing_of(plan), "dark")
    opened.page.get_by_role("button", name="container web-1").hover()
    hint = opened.page.locator("#hint")
    assert "web-1" in hint.inner_text()
    hot = opened.page.locator("g.hot").evaluate_all("all => all.map(x => x.textContent)")
    assert any("db-1" in words for words in hot)
    assert opened.page.locator("#over path.link.hot").count() > 0
    opened.close()


def test_a_guest_folds_and_unfolds(browser: Browser, tmp_path: Path) -> None:
    plan = planned(REPO / "stacks" / "reference.yaml")
    opened = Opened(browser, tmp_path / "page.html", drawing_of(plan), "light")
    container = opened.page.get_by_role("button", name="container web-1")
    fold = opened.page.get_by_role("button", name="fold app-1")
    assert container.is_visible()
    fold.click()
    assert not container.is_visible()
    assert fold.get_attribute("aria-expanded") == "false"
    assert "2 containers" in opened.page.locator(".card").inner_text()
    fold.click()
    assert container.is_visible()
    opened.close()


@pytest.mark.parametrize("width", [400, 700, 1600])
@pytest.mark.parametrize("name", ["reference", "replicated"])
def test_layers_stay_inside_each_other_on_any_screen(
    browser: Browser, tmp_path: Path, name: str, width: int
) -> None:
    plan = planned(REPO / "stacks" / f"{name}.yaml")
    opened = Opened(browser, tmp_path / "page.html", drawing_of(plan), "light")
    opened.page.set_viewport_size({"width": width, "height": 900})
    outside = opened.page.evaluate(
        """() => {
          const within = (a, b) => a.left >= b.left && a.right <= b.right
            && a.top >= b.top && a.bottom <= b.bottom;
          const place = (box) => (box.querySelector(":scope > .edge") ?? box)
            .getBoundingClientRect();
          return [...document.querySelectorAll(".card [data-box], .upper [data-box], .card")]
            .filter((box) => !within(place(box), place(box.parentElement.closest(".frame"))))
            .map((box) => box.textContent);
        }"""
    )
    assert outside == []
    trunks_over_guests = opened.page.evaluate(
        """() => {
          const place = (box) => box.getBoundingClientRect();
          const cards = [...document.querySelectorAll(".card")].map(place);
          const over = (p, c) => p.left >= c.left && p.left <= c.right
            && p.top < c.top && p.bottom > c.bottom;
          return [...document.querySelectorAll("#over path")].map(place)
            .filter((p) => cards.some((c) => over(p, c))).length;
        }"""
    )
    assert trunks_over_guests == 0
    opened.close()


def test_no_line_goes_through_a_title(browser: Browser, tmp_path: Path) -> None:
    drawing = drawing_of(planned(LABS / "drawn" / "wide.yaml"))
    opened = Opened(browser, tmp_path / "page.html", drawing, "light")
    titles = opened.page.locator(".card > .head > *, .net > *").all()
    assert len(titles) > 2 * len(drawing.host.of("guest"))
    before = [title.screenshot() for title in titles]
    opened.page.evaluate("over.style.visibility = 'hidden'")
    assert [title.screenshot() for title in titles] == before


def test_words_stay_in_their_boxes(browser: Browser, tmp_path: Path) -> None:
    plan = planned(REPO / "stacks" / "replicated.yaml")
    words = {"healthy": "running, 2 of 3 get requests", "down": "running, unhealthy, says why"}
    states = {
        (box.kind, box.name): State(words=words[health], health=health)
        for box in drawing_of(plan).walk()
        if box.kind in ("balancer", "container", "registry")
        for health in [("down" if box.name == "db-1" else "healthy")]
    }
    lost = changed("data-disk-removed")
    for drawing in (drawing_of(plan, states=states), lost):  # type: ignore[arg-type]
        opened = Opened(browser, tmp_path / "page.html", drawing, "light")
        over = opened.page.evaluate(
            """() => [...document.querySelectorAll("g[data-box] > text")].filter((text) => {
              const edge = text.parentElement.querySelector(":scope > .edge");
              return edge && text.getBoundingClientRect().right
                > edge.getBoundingClientRect().right;
            }).map((text) => text.textContent)"""
        )
        assert over == []
        opened.close()


def test_the_theme_changes_at_once(browser: Browser, tmp_path: Path) -> None:
    plan = planned(REPO / "stacks" / "reference.yaml")
    opened = Opened(browser, tmp_path / "page.html", drawing_of(plan), "light")

    light = background(opened.page)
    opened.page.get_by_role("button", name="Light / dark").click()
    dark = background(opened.page)
    assert light == "rgb(255, 255, 255)"
    assert dark != light
    opened.page.get_by_role("button", name="Light / dark").click()
    assert background(opened.page) == light
    opened.close()


def test_two_hundred_guests_are_one_box_until_they_are_asked_for(
    browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    opened = Opened(browser, file, drawing_of(classroom()), "light")
    page = opened.page
    assert file.stat().st_size < 2_000_000
    assert page.locator(".card").count() == 1
    assert "seat-1 … seat-200 (200 alike)" in page.locator(".card").inner_text()
    page.get_by_label("Find a box").fill("web7-133")
    assert page.locator("#panel h2").inner_text() == "web7-133"
    page.get_by_role("button", name="show all 200").click()
    assert page.locator(".card").count() == ALIKE
    names = page.locator(".card > .head > .open").all_inner_texts()
    assert names[:2] == ["guest seat-1", "guest seat-2"]
    assert len(set(names)) == ALIKE
    assert page.locator("g.container").count() == ALIKE * EACH
    labels = page.locator("g.container").evaluate_all("all => all.map(x => x.textContent)")
    assert sum("web7-133" in words for words in labels) == 1
    opened.close()


@pytest.mark.parametrize("name", ["shared-to-separate", "guest-memory"])
def test_a_change_is_told_without_colour(browser: Browser, tmp_path: Path, name: str) -> None:
    opened = Opened(browser, tmp_path / "page.html", changed(name), "light")
    told = opened.page.locator("main").inner_text() + opened.page.locator(".changes").inner_text()
    words = ("removed", "added", "DATA LOST") if name == "shared-to-separate" else ("± replaced",)
    assert all(word in told for word in words)
    opened.close()


@pytest.mark.parametrize("unfold", [False, True])
@pytest.mark.parametrize("name", ["reference", "many-groups", "crowd"])
def test_it_prints_on_one_page(browser: Browser, tmp_path: Path, name: str, unfold: bool) -> None:
    folder = REPO / "stacks" if name == "reference" else LABS / "drawn"
    plan = planned(folder / f"{name}.yaml")
    opened = Opened(browser, tmp_path / "page.html", drawing_of(plan), "dark")
    if unfold:
        opened.page.get_by_role("button", name="Unfold all").click()
    paper = opened.page.pdf(prefer_css_page_size=True, print_background=True)
    assert paper.count(b"/Type /Page\n") == 1
    opened.close()
