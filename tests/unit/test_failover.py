"""What the failover's client counts, against a server that does as it is told."""

import http.server
import time
from collections.abc import Iterator

import pytest
from servers import serving

from benchmarks.failover import client as module
from benchmarks.failover.client import Client, Request, longest_gap
from benchmarks.failover.faults import FAULTS
from benchmarks.failover.trial import Result
from benchmarks.faults_table import table


class Guestbook(http.server.BaseHTTPRequestHandler):
    away = False

    def do_GET(self) -> None:
        self._answer(200)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(303)

    def _answer(self, code: int) -> None:
        self.send_response(503 if self.away else code)
        self.send_header("Location", "/nowhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    monkeypatch.setattr(Guestbook, "away", False)
    with serving(Guestbook) as address:
        yield address


def test_the_longest_gap_counts_from_the_start_and_to_the_end() -> None:
    def good(ended: float) -> Request:
        return Request(begun=ended - 0.1, ended=ended, good=True)

    bad = Request(begun=3.0, ended=4.0, good=False)
    assert longest_gap(0.0, [good(1.0), bad, good(6.0)], 7.0) == 5.0
    assert longest_gap(0.0, [], 7.0) == 7.0
    assert longest_gap(0.0, [good(1.0)], 4.0) == 3.0


@pytest.mark.slow
def test_the_client_tells_answers_from_failures(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(url)
    client.start()
    time.sleep(0.3)
    monkeypatch.setattr(Guestbook, "away", True)
    time.sleep(0.5)
    monkeypatch.setattr(Guestbook, "away", False)
    time.sleep(0.3)
    tally = client.stop()
    assert 0 < tally.failed < tally.sent
    # How long above is the machine's affair.
    assert tally.longest_gap > 0.4
    assert 0 < len(tally.acknowledged) < tally.sent - tally.failed


def test_a_server_that_is_not_there_acknowledges_nothing() -> None:
    client = Client("http://127.0.0.1:1")
    client.start()
    time.sleep(0.1)
    tally = client.stop()
    assert tally.failed == tally.sent > 0
    assert not tally.acknowledged


def test_every_fault_has_a_name_of_its_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_the_table_is_markdown() -> None:
    result = Result(
        fault="web", what="a web container killed", sent=90, failed=1, longest_gap=1.25,
        acknowledged=44, lost=0, whole_after=12.4,
    )  # fmt: skip
    assert table([result]).splitlines()[-1] == (
        "| a web container killed | 90 | 1 | 1.2 s | 44 | 0 | 12 s |"
    )
