"""The course that `./lab learn --serve` serves, in a real browser; its lab is a stand-in."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from servers import serving
from webcourse import StandIn, served

from isolab.lessons import read, texts
from machine.setup import xterm
from machine.steps import Unable, ensure

LESSON = read.catalogue()[0]


class Empty(BaseHTTPRequestHandler):
    """A page of another site."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>other</title><body></body>")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def files() -> Path:
    """xterm.js, which npm brings where it is not here yet."""
    try:
        ensure(xterm.step(), print)
    except Unable as unable:
        pytest.skip(unable.message)
    return xterm.folder()


@pytest.fixture
def lab(files: Path) -> Iterator[StandIn]:
    with served(files) as lab:
        yield lab


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of its own, which must not complain."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(5000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if "Policy" in message.text else None,
    )
    yield page
    context.close()
    assert complaints == []


def shows(page: Page, words: str) -> None:
    rows = page.locator("[role=tabpanel]:not([hidden]) .xterm-rows")
    expect(rows).to_contain_text(re.compile(words))


def test_a_lesson_from_the_list_to_its_verdict(lab: StandIn, page: Page) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(lab.access.address)
    assert lab.access.token not in page.url
    page.click("ol a >> nth=0")
    expect(page.locator("h1")).to_contain_text(LESSON.title)
    assert page.locator(".drawing .ring").count() > 0

    shows(page, ">")
    page.click(".run >> nth=0")
    shows(page, r"boot_id\s*[0-9a-f-]{36}")
    page.keyboard.type("echo $((6*7))\n")
    shows(page, "42")

    assert page.locator(".hint:visible").count() == 0
    page.click("#hint")
    assert page.locator(".hint:visible").count() == 1
    page.fill("#answer-1", "On the host")
    page.click(".question details summary >> nth=0")
    expect(page.locator(".question details p >> nth=0")).to_have_text(LESSON.questions[0].answer)

    lab.verdict = "broken"
    lab.checking.clear()
    page.click("#check")
    expect(page.locator("#checking")).to_contain_text("Checking")
    page.reload()
    expect(page.locator("#check")).to_be_disabled()
    assert page.input_value("#answer-1") == "On the host"
    assert page.locator(".hint:visible").count() == 1
    shows(page, "42")
    page.click("[role=tabpanel]:not([hidden])")
    page.keyboard.type("echo still $((40+3))\n")
    shows(page, "still 43")
    lab.checking.set()
    expect(page.locator(".claim.broken")).to_have_count(len(LESSON.claims))
    expect(page.locator(".claim >> nth=0")).to_contain_text("what <was> seen")

    lab.verdict = "holds"
    page.click("#check")
    expect(page.locator(".claim.holds")).to_have_count(len(LESSON.claims))
    page.click("text=All lessons")
    expect(page.locator("ol strong >> nth=0")).to_have_text("holds")
    assert all(url.startswith((lab.origin, "data:", "ws:")) for url in requests)


def test_a_lost_connection_comes_back_to_the_same_shell(lab: StandIn, page: Page) -> None:
    page.add_init_script(
        "const Own = WebSocket; window.sockets = [];"
        "window.WebSocket = class extends Own {"
        "constructor(...a) { super(...a); sockets.push(this); } }"
    )
    page.goto(lab.access.address)
    page.goto(f"{lab.origin}/en/{LESSON.id}")
    shows(page, ">")
    page.click("[role=tabpanel]:not([hidden])")
    page.keyboard.type("here=$((40+2))\n")
    page.evaluate("sockets.at(-1).close()")
    # The page's policy lets nothing be evaluated that waits in it.
    while not page.evaluate("sockets.length > 1 && sockets.at(-1).readyState === 1"):
        page.wait_for_timeout(50)
    page.keyboard.type("echo it is $here\n")
    shows(page, "it is 42")


def test_a_page_of_another_origin_can_do_nothing(lab: StandIn, page: Page) -> None:
    page.goto(lab.access.address)
    page.goto(f"{lab.origin}/en/{LESSON.id}")
    shows(page, ">")
    id = page.evaluate("sessionStorage.getItem('terminal:reference:app-1')")
    other = page.context.new_page()
    with serving(Empty) as evil:
        assert evil != lab.origin
        other.goto(evil)
        tried = other.evaluate(
            """async ([origin, lesson, id]) => {
              const tried = {};
              const ask = async (name, path, options) => {
                try {
                  const answer = await fetch(origin + path, {credentials: "include", ...options});
                  tried[name] = answer.type + answer.status;
                } catch {
                  tried[name] = "nothing";
                }
              };
              await ask("read", "/en/" + lesson);
              await ask("blind", "/en/" + lesson, {mode: "no-cors"});
              await ask("check", `/en/${lesson}/check`, {method: "POST", mode: "no-cors"});
              await ask("open", "/terminals", {method: "POST", mode: "no-cors",
                body: JSON.stringify({lesson, place: "app-1"})});
              tried.socket = await new Promise((done) => {
                const socket = new WebSocket(origin.replace("http", "ws") + "/terminals/" + id);
                socket.onopen = () => done("open");
                socket.onerror = () => done("nothing");
              });
              tried.script = await new Promise((done) => {
                const script = document.createElement("script");
                script.src = origin + "/static/theme.js";
                script.onload = () => done("ran");
                script.onerror = () => done("nothing");
                document.body.append(script);
              });
              tried.frame = await new Promise((done) => {
                const frame = document.createElement("iframe");
                frame.src = origin + "/en/" + lesson;
                frame.onload = () => {
                  try {
                    done(frame.contentDocument ? "empty" : "refused");
                  } catch {
                    done("refused");
                  }
                };
                document.body.append(frame);
              });
              return tried;
            }""",
            [lab.origin, LESSON.id, id],
        )
        assert other.frames[-1].evaluate("document.body?.innerText ?? ''").count(LESSON.title) == 0
    assert tried.pop("frame") in ("refused", "empty")
    assert set(tried.values()) == {"nothing"}
    assert lab.last == {}
    page.click("[role=tabpanel]:not([hidden])")
    page.keyboard.type("echo $((40+4))\n")
    shows(page, "44")


def test_the_page_is_read_by_keyboard_in_both_themes_at_1024(lab: StandIn, page: Page) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(lab.access.address)
    page.goto(f"{lab.origin}/pt_BR/{LESSON.id}")
    expect(page.locator("h1")).to_contain_text(texts.translated(LESSON, "pt_BR").title)
    shows(page, ">")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.focus("#theme")
    page.keyboard.press("Enter")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != paper
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != paper
    page.focus("[role=tab][aria-selected=true]")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[role=tab] >> nth=1")).to_be_focused()
    page.keyboard.press("F6")
    page.keyboard.type("echo $((40+5))\n")
    shows(page, "45")
    page.keyboard.press("F6")
    expect(page.locator("#lesson")).to_be_focused()
