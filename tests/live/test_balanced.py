"""Replicas behind a balancer: what a client notices when one dies, and when all are changed."""

import http.client
import subprocess
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import LAB, Lab

FILE = Path(__file__).with_name("balanced.yaml")
LONGEST = 480
"""Seconds after which a client stops by itself."""


@dataclass
class Seen:
    """What a client met with: one request after the other, each on a connection of its own."""

    sent: int = 0
    failed: list[str] = field(default_factory=list)
    gap: float = 0.0
    """The longest time without an answer, in seconds."""
    answers: set[str] = field(default_factory=set)


@contextmanager
def client(url: str) -> Generator[Seen, None, None]:
    """A client at work while the block lasts."""
    seen, stop = Seen(), threading.Event()

    def ask() -> None:
        begin = last = time.monotonic()
        while not stop.is_set() and time.monotonic() - begin < LONGEST:
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
            seen.sent += 1
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                words = answer.read().decode()
                if answer.status == 200:
                    seen.answers.add(words)
                    now = time.monotonic()
                    seen.gap, last = max(seen.gap, now - last), now
                else:
                    seen.failed.append(f"{answer.status} {words[:60]}")
            except (OSError, http.client.HTTPException) as error:
                seen.failed.append(f"{time.strftime('%X')} {error!r}")
            finally:
                connection.close()
            stop.wait(0.05)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()
        print(f"{seen.sent} requests, {len(seen.failed)} failed, longest gap {seen.gap:.1f} s")
        if seen.failed:
            told = subprocess.getoutput(f"{LAB} logs --stack balanced front")
            print(*seen.failed, told, sep="\n")


class Balanced(Lab):
    """The balanced lab, from a copy of its file that tests edit."""

    def __init__(self, file: Path) -> None:
        super().__init__("balanced")
        self.file = file

    def bring_up(self) -> None:
        """Bring the stack up from the file as it is now."""
        self("up", "--yes", "--stack", self.stack, str(self.file))

    def is_degraded(self) -> bool:
        """Whether something of it is not as planned."""
        words = [LAB, "status", self.stack]
        return subprocess.run(words, capture_output=True, check=False).returncode != 0

    def edit(self, old: str, new: str) -> None:
        """Change a line of the file."""
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balanced]:
    """The balanced lab, up at first; taken down at the end."""
    lab = Balanced(tmp_path_factory.mktemp("balanced") / "balanced.yaml")
    lab.file.write_text(FILE.read_text())
    lab.bring_up()
    yield lab
    lab.down()


@pytest.fixture
def balanced(standing: Balanced) -> Balanced:
    """The balanced lab, whole: what a test before left broken is repaired."""
    if standing.is_degraded():
        standing.bring_up()
    return standing


def test_a_killed_container_costs_no_request_and_up_starts_it_again(balanced: Balanced) -> None:
    with client(balanced.url()) as seen:
        time.sleep(2)
        balanced.guest("docker kill web-1")
        time.sleep(8)
        words = balanced("status", balanced.stack, code=1)
    assert seen.failed == []
    assert seen.answers == {"1 1", "2 1"}
    assert "degraded: 1 of 2 web are healthy" in words
    assert "front sends nothing to web-1" in words
    assert "web/web-1 is DOWN" in balanced("logs", "--stack", balanced.stack, "front")
    balanced.bring_up()
    assert balanced.status()["verdict"] == "well"


def test_changes_go_through_replicas_one_by_one_and_no_request_fails(balanced: Balanced) -> None:
    balanced.edit('VERSION: "1"', 'VERSION: "2"')
    with client(balanced.url()) as seen:
        balanced.bring_up()
        time.sleep(2)
    assert seen.failed == []
    assert {"1 2", "2 2"} <= seen.answers


def test_a_changed_balancer_drops_no_connection(balanced: Balanced) -> None:
    balanced.edit("check: /}", "check: /, sticky: true}")
    with client(balanced.url()) as seen:
        balanced.bring_up()
    assert seen.failed == []
    assert seen.sent > 20


def test_a_killed_guest_is_told_in_status_and_preview_and_up_starts_it_again(
    balanced: Balanced,
) -> None:
    with client(balanced.url()) as seen:
        time.sleep(2)
        subprocess.run(["virsh", "destroy", "isolab-balanced-app-1"], check=True)
        time.sleep(12)
        words = balanced("status", balanced.stack, code=1)
        predicted = balanced("preview", balanced.stack)
        balanced.bring_up()
    # What was in flight on the guest when it died may be lost: one request of one client.
    assert len(seen.failed) <= 1
    assert "web-1: its guest app-1 is shut off" in words
    assert "isolab-balanced-app-1 is shut off: up starts it again" in predicted
    assert balanced.status()["verdict"] == "well"
