"""What `./lab diff` predicts is what happens: to each container, to requests, to data."""

import json
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import LAB, REPO, Lab, page

STACK = "predicted"
AGENT = """\
services:
  agent:
    image: isolab/guestbook:1
    command: [python3, -c, "import time; time.sleep(1e9)"]
    networks: [front]
"""
FIRST = (REPO / "stacks" / "reference.yaml").read_text().replace("services:\n", AGENT)
LONG = pytest.mark.long


def swap(old: str, new: str) -> Callable[[str], str]:
    """An edit of the lab file, in one place."""

    def edit(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return edit


def without_agent(text: str) -> str:
    begin, end = text.index("  agent:\n"), text.index("  web:\n")
    return text[:begin] + text[end:]


CHANGES: dict[str, Callable[[str], str]] = {
    "environment of a service": swap("DB_HOST: db\n", "DB_HOST: db\n      MORE: x\n"),
    "memory limit of a service": swap("memory: 128M", "memory: 144M"),
    "guest memory": swap("memory: 1GiB", "memory: 1088MiB"),
    "a replica more": swap("    networks: [front]\n", "    networks: [front]\n    scale: 2\n"),
    "image": swap("isolab/guestbook:1\n    command", "isolab/python:1\n    command"),
    "published port": swap("8080:8000", "8081:8000"),
    "network opens": swap("back: {internal: true}", "back: {}"),
    "root disk": swap("disk: 8GiB", "disk: 9GiB"),
    "data disk": swap("data: 2GiB", "data: 3GiB"),
    "a service less": without_agent,
    "a service by another name, with its port": swap("  web:\n", "  page:\n"),
}
"""Made in a row on one lab, each on top of those before."""
SHORT = ("environment of a service", "memory limit of a service")


@dataclass
class Client:
    """Asks for the page all the time, and counts the answers that it does not get."""

    url: str
    lost: int = 0
    got: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Client":
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(0.2):
            try:
                urllib.request.urlopen(self.url, timeout=10).read()
                self.got += 1
            except (OSError, urllib.error.HTTPError):
                self.lost += 1


class Predicted(Lab):
    """The lab that is changed, and its lab file as it is now."""

    def __init__(self, folder: Path) -> None:
        super().__init__(STACK)
        self.text = FIRST
        self.file = folder / "predicted.yaml"
        self.file.write_text(self.text)

    def make(self, *words: str) -> None:
        self("up", "--yes", "--stack", STACK, str(self.file), *words)

    def url(self) -> str:
        """Where the page is, also while containers that were started again become healthy."""
        words = [LAB, "status", "--json", STACK]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        (endpoint,) = json.loads(done.stdout)["endpoints"]
        return endpoint["url"]

    def containers(self) -> dict[str, tuple[str, str]]:
        """Each one's id and the time of its start."""
        told = self.guest("docker inspect $(docker ps -aq)")
        return {c["Name"][1:]: (c["Id"], c["State"]["StartedAt"]) for c in json.loads(told)}


@pytest.fixture(scope="module")
def predicted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Predicted]:
    lab = Predicted(tmp_path_factory.mktemp("predicted"))
    lab.make()
    yield lab
    lab.down()


def observed(before: tuple[str, str] | None, after: tuple[str, str] | None) -> str:
    """What became of one container, in the words of an effect."""
    if before is None:
        return "create"
    if after is None:
        return "unavailable"
    if before[0] != after[0]:
        return "recreate"
    return "none" if before[1] == after[1] else "restart"


def effects(document: dict[str, Any], layer: str) -> dict[str, dict[str, Any]]:
    return {
        effect["name"]: effect
        for change in document["changes"]
        for effect in change["effects"]
        if effect["layer"] == layer
    }


@pytest.mark.parametrize(
    "name", [name if name in SHORT else pytest.param(name, marks=LONG) for name in CHANGES]
)
def test_what_is_predicted_is_what_happens(name: str, predicted: Predicted) -> None:
    url = predicted.url()
    word = f"written before {name}".replace(" ", "-")
    page(f"{url}/", urllib.parse.urlencode({"name": "A tester", "text": word}).encode())
    before = predicted.containers()
    predicted.text = CHANGES[name](predicted.text)
    predicted.file.write_text(predicted.text)
    told = json.loads(predicted("diff", "--json", "--stack", STACK))
    lost = bool(told["lost"])
    if lost:
        predicted("up", "--yes", "--stack", STACK, str(predicted.file), code=2)
        assert predicted.containers() == before, "nothing is touched before somebody agrees"
    with Client(url) as client:
        predicted.make(*(["--accept-data-loss"] if lost else []))
    after = predicted.containers()
    containers = effects(told, "container")
    for container in before.keys() | after.keys():
        happened = observed(before.get(container), after.get(container))
        if happened != "create":
            told_of_it = containers.get(container, {"effect": "none"})
            assert happened == told_of_it["effect"], container
    web = effects(told, "service").get("web", {"effect": "none"})
    assert (client.lost > 0) == (web["effect"] == "unavailable"), (client, web)
    assert (word in page(predicted.url())) == (not lost)
    assert json.loads(predicted("diff", "--json", "--stack", STACK))["changes"] == []
