"""The guestbook: what it keeps, what it shows, and what it answers to machines."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "images/guestbook"))

from guestbook.entries import NAME_LENGTH, TEXT_LENGTH, Draft, Entry
from guestbook.place import Place
from guestbook.store import Settings, Store, Unreachable
from guestbook.web import make_app

PLACE = Place(replica="web-1", guest="app-1", container="0123abcd")


class Memory:
    """A store for tests; away while it is told so."""

    def __init__(self) -> None:
        self.retained: list[Entry] = []
        self.away = False

    def recent(self, count: int) -> tuple[Entry, ...]:
        self._answer()
        return tuple(reversed(self.retained))[:count]

    def add(self, draft: Draft, served_by: str) -> None:
        self._answer()
        posted = datetime(2026, 1, 2, 3, 4, tzinfo=UTC).replace(tzinfo=None)
        self.retained.append(
            Entry(name=draft.name, text=draft.text, posted=posted, served_by=served_by)
        )

    def reachable(self) -> bool:
        return not self.away

    def _answer(self) -> None:
        if self.away:
            raise Unreachable("away")


@pytest.fixture
def store() -> Memory:
    return Memory()


@pytest.fixture
def client(store: Memory):
    return make_app(store, PLACE).test_client()


def test_a_posted_entry_is_stored_and_the_page_shows_it(client) -> None:
    answer = client.post("/", data={"name": "Ann", "text": "hello"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = client.get("/").text
    assert "hello" in page
    assert "taken by web-1 on app-1" in page


def test_entries_stand_newest_first(client) -> None:
    for text in ("first", "second"):
        client.post("/", data={"name": "Ann", "text": text})
    page = client.get("/").text
    assert page.index("second") < page.index("first")
    assert [entry["text"] for entry in client.get("/entries").json] == [
        "second",
        "first",
    ]


def test_what_people_write_stays_text(client) -> None:
    client.post("/", data={"name": "<b>Ann</b>", "text": "<script>alert(1)</script>"})
    page = client.get("/").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page
    assert "<b>Ann" not in page


def test_the_page_names_the_layers_that_served_it(client) -> None:
    answer = client.get("/")
    for name in (PLACE.guest, PLACE.replica, PLACE.container):
        assert f"<dd>{name}</dd>" in answer.text
    assert answer.headers["X-Served-By"] == "web-1@app-1"


def test_the_page_needs_nothing_from_elsewhere(client) -> None:
    answer = client.get("/")
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert client.get("/static/page.css").status_code == 200


def test_healthz_tells_alive_from_database_reachable(client, store: Memory) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"alive": True, "database": True})
    store.away = True
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (
        503,
        {"alive": True, "database": False},
    )
    assert client.get("/livez").status_code == 200


def test_an_entry_is_not_lost_in_silence_when_the_database_is_away(client, store: Memory) -> None:
    store.away = True
    answer = client.post("/", data={"name": "Ann", "text": "precious words"})
    assert answer.status_code == 503
    assert "this entry is not stored" in answer.text
    assert "precious words" in answer.text
    assert client.get("/").status_code == 503


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("  ", "hello", "who you are"),
        ("Ann", "\r\n ", "write something"),
        ("x" * (NAME_LENGTH + 1), "hello", "name is too long"),
        ("Ann", "x" * (TEXT_LENGTH + 1), "text is too long"),
    ],
)
def test_an_unacceptable_entry_is_refused_with_the_reason(
    client, store: Memory, name: str, text: str, said: str
) -> None:
    answer = client.post("/", data={"name": name, "text": text})
    assert answer.status_code == 422
    assert said in answer.text
    assert not store.retained


def test_blanks_that_nobody_meant_go() -> None:
    assert Draft.of("  Ann \n Lee ", " a\r\n\r\nb \n") == Draft(name="Ann Lee", text="a\n\nb")


def test_a_place_without_words_from_the_lab_is_a_dash() -> None:
    assert str(Place.read({}, "host")) == "- on -"


def test_a_database_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n")
    settings = Settings.read(
        {"DB_HOST": "127.0.0.1", "DB_PORT": "1", "DB_PASSWORD_FILE": str(password)}
    )
    assert not Store(settings).reachable()
