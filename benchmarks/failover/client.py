"""A client that writes to the guestbook and reads it, without a pause that it need not make."""

import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from uuid import uuid4

ACCEPTED = 303
"""What the guestbook answers once an entry is on the database's disk."""
PAUSE = 0.2
"""Seconds between two requests of one kind: the guests' processors are for the guests."""
TIMEOUT = 20.0
"""Seconds that one request may take, more than the application waits for its database."""
LONGEST = 900.0
"""Seconds after which a client stops by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One that was answered, or not."""

    begun: float
    ended: float
    good: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What the client saw."""

    sent: int
    failed: int
    longest_gap: float
    """Seconds between two good answers, or to the end, of writes or reads, whichever is longer."""
    acknowledged: frozenset[str]
    """Texts of entries that the guestbook said it stored."""


def longest_gap(begin: float, requests: list[Request], end: float) -> float:
    """The longest time without a good answer."""
    marks = [begin, *(request.ended for request in requests if request.good), end]
    return max(after - before for before, after in pairwise(marks))


@dataclass(slots=True)
class Client:
    """Writes and reads in two threads, between start and stop."""

    url: str
    _name: str = field(default_factory=lambda: f"client-{uuid4().hex[:8]}")
    _begin: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list[threading.Thread])
    _requests: dict[str, list[Request]] = field(default_factory=dict[str, list[Request]])
    _acknowledged: set[str] = field(default_factory=set[str])

    def start(self) -> None:
        """From now on."""
        self._begin = time.monotonic()
        for kind, request in (("write", self._write), ("read", self._read)):
            self._requests[kind] = []
            thread = threading.Thread(target=self._work, args=(kind, request), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> Tally:
        """Lets the requests on their way end; what was seen."""
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * TIMEOUT)
        end = time.monotonic()
        everything = [request for kind in self._requests.values() for request in kind]
        return Tally(
            sent=len(everything),
            failed=sum(not request.good for request in everything),
            longest_gap=max(
                longest_gap(self._begin, requests, end) for requests in self._requests.values()
            ),
            acknowledged=frozenset(self._acknowledged),
        )

    def _work(self, kind: str, request: Callable[[int], bool]) -> None:
        number = 0
        while not self._stop.is_set() and time.monotonic() - self._begin < LONGEST:
            begun = time.monotonic()
            try:
                good = request(number)
            except (OSError, urllib.error.URLError):
                good = False
            ended = time.monotonic()
            self._requests[kind].append(Request(begun=begun, ended=ended, good=good))
            number += 1
            self._stop.wait(PAUSE)

    def _write(self, number: int) -> bool:
        text = f"{self._name}-{number}"
        data = urllib.parse.urlencode({"name": "failover", "text": text}).encode()
        try:
            with _OPENER.open(f"{self.url}/", data, timeout=TIMEOUT) as answer:
                stored = answer.status == ACCEPTED
        except urllib.error.HTTPError as error:
            stored = error.code == ACCEPTED
        if stored:
            self._acknowledged.add(text)
        return stored

    def _read(self, number: int) -> bool:
        with _OPENER.open(f"{self.url}/entries", timeout=TIMEOUT) as answer:
            answer.read()
            return answer.status == 200


class _Stay(urllib.request.HTTPRedirectHandler):
    """The answer to a write is the answer, not the page behind it."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        """None follows nothing."""


_OPENER = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))
