"""The course in a browser: who may ask, what is answered, and what becomes of terminals."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from webcourse import StandIn, served
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from isolab.lessons import read, texts
from webapp.guard import NO_COOKIE, Access
from webapp.terminals import Limits

REPO = Path(__file__).parents[2]
LESSON = read.catalogue()[0]
PLACE = json.dumps({"lesson": LESSON.id, "place": "app-1"})


@pytest.fixture(scope="module")
def lab() -> Iterator[StandIn]:
    with served() as lab:
        yield lab


@pytest.fixture
def own() -> Iterator[StandIn]:
    """One that a test may fill up."""
    with served(limits=Limits(most=2, unseen=0.4)) as lab:
        yield lab


def ask(lab: StandIn, method: str, path: str, body: str = "", **headers: str) -> HTTPResponse:
    """A request with just these headers; _ stands for -."""
    connection = HTTPConnection("127.0.0.1", lab.access.port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in {**sent, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    return connection.getresponse()


def from_page(lab: StandIn, method: str, path: str, body: str = "") -> HTTPResponse:
    return ask(lab, method, path, body, Cookie=lab.cookie, Origin=lab.origin)


def opened(lab: StandIn) -> str:
    answer = from_page(lab, "POST", "/terminals", PLACE)
    assert answer.status == 201
    return json.loads(answer.read())["id"]


def terminal(lab: StandIn, id: str, origin: str = "", cookie: str = "") -> ClientConnection:
    return connect(
        f"ws://127.0.0.1:{lab.access.port}/terminals/{id}",
        origin=origin or lab.origin,
        additional_headers={"Cookie": cookie or lab.cookie},
    )


def read_until(socket: ClientConnection, words: str) -> str:
    seen = b""
    while words.encode() not in seen:
        seen += socket.recv(timeout=5)
    return seen.decode()


def pids(socket: ClientConnection) -> tuple[int, int]:
    """The two numbers that a shell has printed."""
    seen = ""
    while not (found := re.search(r"=(\d+)=(\d+)=", seen)):
        seen += socket.recv(timeout=5).decode()
    return int(found[1]), int(found[2])


def eventually(holds: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_token_is_exchanged_for_a_strict_cookie(lab: StandIn) -> None:
    answer = ask(lab, "GET", f"/?token={lab.access.token}")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert lab.access.token not in cookie
    assert ask(lab, "GET", "/en/", Cookie=cookie.split(";")[0]).status == 200


@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=a&token=b"])
def test_without_the_token_there_is_nothing(lab: StandIn, query: str) -> None:
    answer = ask(lab, "GET", f"/{query}")
    assert (answer.status, answer.read().decode()) == (401, NO_COOKIE)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/en/", f"/en/{LESSON.id}", "/static/course.js"])
def test_every_page_needs_the_cookie(lab: StandIn, path: str) -> None:
    assert ask(lab, "GET", path).status == 401
    assert ask(lab, "GET", path, Cookie=f"{lab.access.cookie}=wrong").status == 401
    assert ask(lab, "GET", path, Cookie=f"other={lab.access.session}").status == 401
    assert ask(lab, "GET", path, Cookie=lab.cookie).status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil"])
def test_a_name_that_was_rebound_to_this_address_gets_nothing(lab: StandIn, host: str) -> None:
    assert ask(lab, "GET", "/en/", Host=host, Cookie=lab.cookie).status == 421
    token = ask(lab, "GET", f"/?token={lab.access.token}", Host=host)
    assert token.status == 421 and "Set-Cookie" not in token.headers


@pytest.mark.parametrize("origin", ["", "null", "http://evil.example", "http://127.0.0.1:1"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/en/{LESSON.id}/check"),
        ("POST", "/terminals"),
        ("DELETE", "/terminals/x"),
    ],
)
def test_what_changes_something_comes_from_this_origin(
    lab: StandIn, method: str, path: str, origin: str
) -> None:
    headers = {"Origin": origin} if origin else {}
    assert ask(lab, method, path, PLACE, Cookie=lab.cookie, **headers).status == 403
    assert LESSON.id not in lab.last


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_reads_nothing_and_may_only_link(lab: StandIn, site: str) -> None:
    def asked(mode: str, destination: str) -> int:
        return ask(
            lab,
            "GET",
            "/en/",
            Cookie=lab.cookie,
            Sec_Fetch_Site=site,
            Sec_Fetch_Mode=mode,
            Sec_Fetch_Dest=destination,
        ).status

    assert asked("no-cors", "image") == asked("cors", "empty") == 403
    assert asked("navigate", "iframe") == 403
    assert asked("navigate", "document") == 200


@pytest.mark.parametrize(
    ("origin", "cookie"),
    [("http://evil.example", ""), ("http://127.0.0.1:1", ""), ("", "other=1")],
)
def test_a_websocket_comes_from_this_page_alone(lab: StandIn, origin: str, cookie: str) -> None:
    id = opened(lab)
    with pytest.raises(InvalidStatus) as refused:
        terminal(lab, id, origin, cookie)
    assert refused.value.response.status_code == 403
    from_page(lab, "DELETE", f"/terminals/{id}")


@pytest.mark.parametrize("path", ["/en/", "/nothing", "/?token=wrong"])
def test_no_answer_lets_foreign_scripts_or_frames_in(lab: StandIn, path: str) -> None:
    headers = ask(lab, "GET", path, Cookie=lab.cookie).headers
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_lesson_has_its_page(lab: StandIn, language: str) -> None:
    assert from_page(lab, "GET", f"/{language}/").status == 200
    for lesson in read.catalogue():
        answer = from_page(lab, "GET", f"/{language}/{lesson.id}")
        text = answer.read().decode()
        assert answer.status == 200
        assert texts.translated(lesson, language).title in text
        assert "<script>" not in text and " style=" not in text and " onclick=" not in text


@pytest.mark.parametrize("path", ["/fr/", "/en/nothing", "/static/..%2f..%2fREADME.md"])
def test_what_is_not_there_is_not_found(lab: StandIn, path: str) -> None:
    assert from_page(lab, "GET", path).status == 404


def test_a_lab_that_is_not_up_is_said_and_has_no_terminals(own: StandIn) -> None:
    own.up = False
    text = from_page(own, "GET", f"/en/{LESSON.id}").read().decode()
    assert "./lab up reference" in text and LESSON.title in text
    assert 'role="tab"' not in text
    assert from_page(own, "POST", "/terminals", PLACE).status == 404
    assert from_page(own, "POST", f"/en/{LESSON.id}/check").status == 409


def test_a_check_is_made_once_at_a_time(own: StandIn) -> None:
    own.checking.clear()
    assert from_page(own, "POST", f"/en/{LESSON.id}/check").status == 202
    assert from_page(own, "POST", f"/en/{LESSON.id}/check").status == 409
    claims = f"/en/{LESSON.id}/claims"
    assert 'data-running="yes"' in from_page(own, "GET", claims).read().decode()
    own.checking.set()
    eventually(lambda: b'data-running=""' in from_page(own, "GET", claims).read())
    text = from_page(own, "GET", claims).read().decode()
    assert "what &lt;was&gt; seen" in text and "what the control showed" in text


def test_a_check_that_could_not_be_made_says_why(own: StandIn) -> None:
    own.refusal = "the lab is <not> healthy"
    from_page(own, "POST", f"/en/{LESSON.id}/check")
    claims = f"/en/{LESSON.id}/claims"
    eventually(lambda: b"&lt;not&gt; healthy" in from_page(own, "GET", claims).read())


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        '{"lesson": 1, "place": 2}',
        json.dumps({"lesson": LESSON.id, "place": "elsewhere"}),
        json.dumps({"lesson": "nothing", "place": "app-1"}),
        json.dumps({"lesson": LESSON.id, "place": "app-1" + " " * 5000}),
    ],
)
def test_a_terminal_is_at_a_place_of_the_lab_alone(lab: StandIn, body: str) -> None:
    assert from_page(lab, "POST", "/terminals", body).status == 404


def test_a_terminal_types_and_has_the_windows_size(lab: StandIn) -> None:
    with terminal(lab, id := opened(lab)) as socket:
        socket.send(json.dumps({"rows": 33, "columns": 99}))
        socket.send(b"stty size; echo $((6 * 7))\r")
        assert "33 99" in read_until(socket, "42\r\n")
    from_page(lab, "DELETE", f"/terminals/{id}")


def test_a_connection_that_comes_back_finds_its_shell(lab: StandIn) -> None:
    id = opened(lab)
    with terminal(lab, id) as socket:
        socket.send(b"here=$((40 + 2)); echo first\r")
        read_until(socket, "first\r\n")
    with terminal(lab, id) as socket:
        socket.send(b"echo it is $here\r")
        seen = read_until(socket, "it is 42\r\n")
    assert "first" in seen
    from_page(lab, "DELETE", f"/terminals/{id}")


def test_two_windows_see_the_same(lab: StandIn) -> None:
    id = opened(lab)
    with terminal(lab, id) as one, terminal(lab, id) as other:
        one.send(b"echo $((20 + 1))\r")
        read_until(one, "21\r\n")
        read_until(other, "21\r\n")
    from_page(lab, "DELETE", f"/terminals/{id}")


def test_there_are_as_many_terminals_as_there_may_be(own: StandIn) -> None:
    first, _ = opened(own), opened(own)
    assert from_page(own, "POST", "/terminals", PLACE).status == 429
    assert from_page(own, "DELETE", f"/terminals/{first}").status == 204
    opened(own)


@pytest.mark.slow
def test_terminals_end_soon_after_their_page_and_take_their_processes_along(own: StandIn) -> None:
    with terminal(own, id := opened(own)) as socket:
        socket.send(b"set -m; (trap '' HUP; sleep 300) & printf '=%d=%d=' $! $$\r")
        job, shell = pids(socket)
        time.sleep(0.6)
        assert is_alive(job) and is_alive(shell)
    eventually(lambda: not is_alive(job) and not is_alive(shell))
    with terminal(own, id) as socket, pytest.raises(ConnectionClosed) as gone:
        socket.recv(timeout=5)
    assert gone.value.rcvd is not None and gone.value.rcvd.code == 4004


def test_a_shell_that_ends_says_so(own: StandIn) -> None:
    with terminal(own, opened(own)) as socket, pytest.raises(ConnectionClosed) as ended:
        socket.send(b"exit\r")
        while True:
            socket.recv(timeout=5)
    assert ended.value.rcvd is not None and ended.value.rcvd.code == 4000


def test_a_message_that_is_no_size_ends_the_connection_and_not_the_server(lab: StandIn) -> None:
    id = opened(lab)
    with terminal(lab, id) as socket, pytest.raises(ConnectionClosed):
        socket.send("{}")
        while True:
            socket.recv(timeout=5)
    with terminal(lab, id) as socket:
        socket.send(b"echo $((1 + 1))\r")
        read_until(socket, "2\r\n")
    from_page(lab, "DELETE", f"/terminals/{id}")


@pytest.mark.slow
def test_a_window_that_lags_behind_loses_nothing(lab: StandIn) -> None:
    with terminal(lab, id := opened(lab)) as socket:
        read_until(socket, "> ")
        socket.send(b"seq 1 50000; echo the en''d\r")
        time.sleep(0.3)
        lines = read_until(socket, "the end").split("\r\n")
    numbers = [line for line in lines if line.isdigit()]
    assert numbers == [str(number) for number in range(1, 50001)]
    from_page(lab, "DELETE", f"/terminals/{id}")


@pytest.mark.slow
def test_all_terminals_end_with_the_server() -> None:
    with served() as lab, terminal(lab, opened(lab)) as socket:
        socket.send(b"printf '=%d=%d=' $$ $$\r")
        pid, _ = pids(socket)
        assert is_alive(pid)
    assert not is_alive(pid)


KILLED = """
import sys, time
sys.path[:0] = ["tests"]
from webcourse import served
with served() as lab:
    print(lab.access.port, lab.access.session, flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
def test_shells_end_with_a_server_that_is_killed() -> None:
    command = [sys.executable, "-c", KILLED]
    with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port, session = process.stdout.readline().split()
            lab = StandIn(access=Access(port=int(port), session=session))
            with terminal(lab, opened(lab)) as socket:
                socket.send(b"printf '=%d=%d=' $$ $$\r")
                pid, _ = pids(socket)
                assert is_alive(pid)
                process.kill()
                eventually(lambda: not is_alive(pid))
        finally:
            process.kill()
