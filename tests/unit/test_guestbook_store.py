"""The guestbook's databases: the nearest first, any other next, and no entry retained twice."""

import sys
from pathlib import Path

import pymysql
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "images/guestbook"))

from guestbook import store as module
from guestbook.entries import Draft
from guestbook.store import AWAY, Settings, Store, Unreachable


class Databases:
    """Two members of a cluster, each healthy or with an error of its own."""

    def __init__(self) -> None:
        self.dialled: list[str] = []
        self.retained: list[str] = []
        self.refuses: dict[str, Exception] = {}
        self.answers: dict[str, Exception] = {}
        self.now = 0.0

    def connect(self, *, host: str, **_: object) -> "Connection":
        self.dialled.append(host)
        if host in self.refuses:
            raise self.refuses[host]
        return Connection(self, host)


class Connection:
    def __init__(self, databases: Databases, host: str) -> None:
        self.databases, self.host = databases, host

    def ping(self, reconnect: bool) -> None:
        if self.host in self.databases.refuses:
            raise self.databases.refuses[self.host]

    def close(self) -> None: ...

    def cursor(self) -> "Connection":
        return self

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None: ...

    def execute(self, statement: str, _: object = ()) -> None:
        if self.host in self.databases.answers:
            raise self.databases.answers[self.host]
        if statement.startswith("INSERT"):
            self.databases.retained.append(self.host)

    def fetchall(self) -> list[tuple[object, ...]]:
        return []


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> Databases:
    made = Databases()
    monkeypatch.setattr(pymysql, "connect", made.connect)
    monkeypatch.setattr(module.time, "monotonic", lambda: made.now)
    return made


@pytest.fixture
def store(databases: Databases, tmp_path: Path) -> Store:
    (tmp_path / "password").write_text("secret")
    return Store(
        Settings.read(
            {"DB_HOST": "near, far", "DB_PASSWORD_FILE": str(tmp_path / "password")},
        )
    )


ENTRY = Draft(name="Ann", text="hello")
GONE = pymysql.OperationalError(2003, "connection refused")
LOST = pymysql.OperationalError(2013, "lost connection during query")
OUTSIDE = pymysql.OperationalError(1047, "WSREP has not yet prepared node for application use")


def test_the_first_database_is_preferred(store: Store, databases: Databases) -> None:
    store.add(ENTRY, "web-1")
    assert databases.retained == ["near"]


@pytest.mark.parametrize(("where", "error"), [("refuses", GONE), ("answers", OUTSIDE)])
def test_the_next_one_takes_what_the_first_surely_did_not(
    store: Store, databases: Databases, where: str, error: Exception
) -> None:
    store.add(ENTRY, "web-1")
    getattr(databases, where)["near"] = error
    store.add(ENTRY, "web-1")
    assert databases.retained == ["near", "far"]


def test_an_entry_that_may_be_stored_is_not_sent_again(store: Store, databases: Databases) -> None:
    databases.answers["near"] = LOST
    with pytest.raises(Unreachable):
        store._prepared = True
        store.add(ENTRY, "web-1")
    assert databases.retained == []


def test_a_question_is_asked_again_elsewhere(store: Store, databases: Databases) -> None:
    assert store.reachable()
    databases.answers["near"] = LOST
    assert store.reachable()


def test_the_first_one_is_asked_again_after_a_while(store: Store, databases: Databases) -> None:
    databases.refuses["near"] = GONE
    store.add(ENTRY, "web-1")
    del databases.refuses["near"]
    store.add(ENTRY, "web-1")
    databases.now += AWAY + 1
    store.add(ENTRY, "web-1")
    assert databases.retained == ["far", "far", "near"]


def test_nobody_there_is_unreachable(store: Store, databases: Databases) -> None:
    databases.refuses = {"near": GONE, "far": GONE}
    assert not store.reachable()
