"""The reference lab, built once for all live tests, and ways to ask its layers."""

import json
import os
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

IN_ORDER = (
    *("preview_agrees", "reference", "state", "guest", "isolation", "compose_files"),
    *("lessons", "balanced", "failover", "predictions", "separate", "checkpoints"),
    "stock_images",
)
"""Modules, what takes longest last: what is behind may find no time left."""
LONGEST = 1200
"""Seconds of a command: all lessons of a lab took over 600 beside other work, without KVM."""
REPO = Path(__file__).parents[2]
LAB = REPO / "lab"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of this folder in the order of their modules; the others stay where they are."""
    here = [index for index, item in enumerate(items) if _module(item) is not None]
    ordered = sorted((items[index] for index in here), key=lambda item: _module(item) or 0)
    for index, item in zip(here, ordered, strict=True):
        items[index] = item


def _module(item: pytest.Item) -> int | None:
    name = item.path.stem.removeprefix("test_")
    return IN_ORDER.index(name) if item.path.parent == Path(__file__).parent else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Hold the time that `./lab test --minutes` gives."""
    if time.time() > float(os.environ.get("ISOLAB_TESTS_UNTIL", "inf")):
        pytest.skip(f"no time left: ./lab test {item.nodeid}")


class Lab:
    """One stack, driven the way a person would: by `./lab`."""

    def __init__(self, stack: str) -> None:
        self.stack = stack

    def __call__(self, *words: str, code: int = 0) -> str:
        """Run `./lab WORDS` and return what it printed; fail on another exit code."""
        done = subprocess.run(
            [LAB, *words], capture_output=True, text=True, timeout=LONGEST, check=False
        )
        assert done.returncode == code, f"./lab {' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def up(self, *words: str) -> None:
        """Bring the stack up from the reference lab file."""
        self("up", "--yes", "--stack", self.stack, "reference", *words)

    def down(self, *words: str) -> None:
        """Take the stack down."""
        self("down", "--yes", self.stack, *words)

    def status(self) -> dict[str, Any]:
        """The layers as they are."""
        return json.loads(self("status", "--json", self.stack))

    def status_of_any(self) -> dict[str, Any]:
        """The same where it need not be healthy."""
        done = subprocess.run(
            [LAB, "status", "--json", self.stack], capture_output=True, text=True, check=False
        )
        return json.loads(done.stdout)

    def url(self) -> str:
        """Where the guestbook answers."""
        (endpoint,) = self.status()["endpoints"]
        return endpoint["url"]

    def guest(self, command: str) -> str:
        """Run a shell command on the guest app-1."""
        return self("ssh", "--stack", self.stack, "app-1", "--", command)


def page(url: str, data: bytes | None = None, timeout: float = 60) -> str:
    """The page at a URL, once it answers; posts `data` where given."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            with urllib.request.urlopen(url, data, timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def post(url: str, text: str) -> None:
    """Leave an entry in the guestbook at a URL."""
    page(f"{url}/", urllib.parse.urlencode({"name": "A tester", "text": text}).encode())


def pulumi(command: str) -> subprocess.CompletedProcess[str]:
    """A plain pulumi command, in the environment that `./lab env` gives."""
    script = f'eval "$("{LAB}" env)"; {command}'
    return subprocess.run(
        ["sh", "-c", script], cwd=REPO, capture_output=True, text=True, check=False, timeout=600
    )


def changes(stack: str) -> dict[str, int]:
    """What the engine's preview proposes, by operation, without what stays the same."""
    done = pulumi(f"pulumi preview --json --stack {stack}")
    assert done.returncode == 0, done.stdout + done.stderr
    summary: dict[str, int] = json.loads(done.stdout)["changeSummary"]
    return {operation: count for operation, count in summary.items() if operation != "same"}


def names_of_the_stack(stack: str) -> str:
    """Everything on the machine that carries the stack's name."""
    questions = [
        "virsh -q list --all --name",
        "virsh -q net-list --all --name",
        "virsh -q pool-list --all --name",
        "docker ps -a --format {{.Names}}",
        "ls /var/lib/libvirt/isolab 2>/dev/null || true",
    ]
    answers = [subprocess.check_output(["sh", "-c", q], text=True) for q in questions]
    return "\n".join(line for a in answers for line in a.splitlines() if stack in line)


@contextmanager
def watched(lines: set[str]) -> Iterator[None]:
    """Collect the command lines of all processes meanwhile."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.5):
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    lines.add(file.read_bytes().decode(errors="replace").replace("\0", " "))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture(scope="session")
def command_lines() -> set[str]:
    """Those of all processes while the reference stack came up."""
    return set()


@pytest.fixture(scope="session")
def reference(command_lines: set[str]) -> Iterator[Lab]:
    """The reference stack, up; taken down at the end."""
    lab = Lab("reference")
    with watched(command_lines):
        lab.up()
    yield lab
    lab.down()
