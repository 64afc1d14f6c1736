"""Compose files as they are, laid out over guests, on real parts."""

import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Lab, page

LABS = Path(__file__).parents[1] / "labs" / "compose"


def up(name: str) -> Iterator[Lab]:
    lab = Lab(name)
    lab("up", "--yes", str(LABS / f"{name}.yaml"))
    yield lab
    lab.down()


def url(lab: Lab, service: str) -> str:
    (found,) = [e["url"] for e in lab.status()["endpoints"] if e["service"] == service]
    return found


@pytest.fixture(scope="module")
def proxy() -> Iterator[Lab]:
    yield from up("proxy")


@pytest.fixture(scope="module")
def database() -> Iterator[Lab]:
    yield from up("database")


@pytest.fixture(scope="module")
def site() -> Iterator[Lab]:
    yield from up("site")


@pytest.mark.long
def test_a_site_is_built_on_the_host_and_served_by_its_guest(site: Lab) -> None:
    served = page(url(site, "site"))
    assert served.startswith("<h1>")
    assert "TITLE" not in served


@pytest.mark.long
def test_a_proxy_finds_both_backends_by_their_names(proxy: Lab) -> None:
    served = {page(url(proxy, "proxy")).strip() for _ in range(6)}
    assert served == {"<h1>the first backend</h1>", "<h1>the second backend</h1>"}


def test_a_database_is_there_for_the_web_and_the_admin_page(database: Lab) -> None:
    web = url(database, "web")
    page(web, urllib.parse.urlencode({"name": "A tester", "text": "from compose"}).encode())
    assert "from compose" in [entry["text"] for entry in json.loads(page(f"{web}/entries"))]
    ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8081').read().decode())"
    tables = database("exec", "--stack", "database", "admin", "--", "python3", "-c", ask)
    assert tables.startswith("tables: ")
    assert "entr" in tables


def test_a_port_for_loopback_stays_on_the_guest(database: Lab) -> None:
    (guest,) = database.status()["guests"]
    asked = ("ssh", "--stack", "database", "app-1", "--", "docker", "port", "admin-1")
    assert database(*asked).split() == ["8081/tcp", "->", "127.0.0.1:8081"]
    with pytest.raises(OSError):
        page(f"http://{guest['address']}:8081", timeout=3)
