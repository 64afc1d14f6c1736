"""Waits for programs that start, each held against doors that open before their program listens."""

import re
import shutil
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from doors import OK, Door, each_kind, every_try, replies

from isolab.cli.context import balance
from isolab.plan import asking
from isolab.plan.model import HOST, Balancer, Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.transport import Unreachable
from machine.host import answers
from machine.host.transport import ContainerTransport, HostTransport

pytestmark = pytest.mark.slow

BALANCED = Path(__file__).parents[1] / "labs/valid/balanced.yaml"
STATISTICS = b"""HTTP/1.0 200 OK\r
content-type: text/plain\r
\r
# pxname,svname,status,lastchg,check_status,check_code,
front,FRONTEND,OPEN,,,,
web,web-1,UP,12,L7OK,200,
web,web-2,UP,12,L7OK,200,
web,BACKEND,UP,12,,,
api,api-1,UP,12,L7OK,200,
api,BACKEND,UP,12,,,
api_2,api-1,UP,3,L7OK,200,
api_2,BACKEND,UP,3,,,
"""


def until_answered(port: int, seconds: int = 60) -> "subprocess.CompletedProcess[str]":
    """What the host's component has the engine run for the registry."""
    text = asking.until_answered("the registry", "127.0.0.1", port, "/v2/", seconds)
    return subprocess.run(["/bin/bash", "-c", text], capture_output=True, text=True, check=False)


@each_kind
def test_a_registry_behind_a_port_proxy_is_waited_for(kind: str) -> None:
    def one(number: int) -> None:
        with Door(kind, replies(OK), number=number, whole=len(OK)) as door:
            done = until_answered(door.port)
        assert (done.returncode, done.stdout, done.stderr, door.failed) == (0, "", "", 3)

    every_try(one)


@pytest.mark.parametrize(
    ("answer", "saw"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "HTTP 503"),
        (OK[:-1], "half an answer"),
        (OK[:30], "half an answer"),
        (b"SSH-2.0-", "half an answer"),
        (b"", "the connection was closed without an answer"),
    ],
)
def test_a_wait_for_a_registry_says_what_it_saw_last(answer: bytes, saw: str) -> None:
    with Door("reset", replies(answer), faults=0) as door:
        done = until_answered(door.port, seconds=1)
    assert done.returncode == 1
    assert done.stderr == (
        f"the registry at 127.0.0.1:{door.port} did not answer within 1 s; "
        f"the last try saw: {saw}\n"
    )


def test_a_registry_that_nobody_runs_is_told_as_such() -> None:
    with Door("reset", replies(OK)) as door:
        pass
    assert until_answered(door.port, seconds=1).stderr.endswith("saw: connection refused\n")


def test_a_registry_that_says_nothing_is_given_up() -> None:
    with Door("silent", replies(OK), held=9) as door:
        done = until_answered(door.port, seconds=1)
    assert done.stderr.endswith("saw: no answer within 5 s\n")


def balancer(port: int) -> tuple[Plan, Balancer]:
    """A balancer on the host, its statistics at a port of the loopback."""
    plan = plan_file(BALANCED, {}, Surroundings(stack="balanced"))
    assert isinstance(plan, Plan)
    (front,) = (each for each in plan.balancers if each.name == "front")
    container = replace(front.container, guest=HOST)
    return plan, replace(
        front, container=container, statistics_address="127.0.0.1", statistics=port
    )


@each_kind
def test_a_balancer_that_is_just_starting_is_asked_again(kind: str) -> None:
    def one(number: int) -> None:
        served = replies(STATISTICS)
        with Door(kind, served, number=number, whole=len(STATISTICS) - 20) as door:
            status = balance.ask(*balancer(door.port))
        assert (status.state, status.saw, door.failed) == ("running", "", 3)
        assert len(status.backends) == 4

    every_try(one)


def test_a_balancer_that_stays_silent_says_how() -> None:
    with Door("reset", replies(b"HTTP/1.0 503 No\r\n\r\n"), faults=0) as door:
        status = balance.ask(*balancer(door.port))
    assert list(balance.drift([status])) == ["balancer front is silent: HTTP 503"]
    assert balance.ask(*balancer(door.port)).saw == "connection refused"


@each_kind
def test_a_daemon_that_starts_is_waited_for_at_its_socket(kind: str, tmp_path: Path) -> None:
    """As dbus and virtlogd are: one question, of whose answer the end is known."""

    def serve(client: socket.socket) -> None:
        if client.recv(64) == b"\0AUTH\r\n":
            client.sendall(b"REJECTED EXTERNAL\r\n")

    def one(number: int) -> None:
        path = tmp_path / f"{number}"

        def ask() -> str:
            return answers.of_socket(str(path), b"\0AUTH\r\n", lambda said: said[-2:] == b"\r\n", 5)

        with Door(kind, serve, path=path, number=number, whole=18) as door:
            assert answers.until(ask, 20) == ""
        assert door.failed == 3

    every_try(one)


@pytest.mark.parametrize(
    ("kind", "saw"),
    [
        # What is left unread makes the end of a connection a reset.
        ("reset", ".* behind no answer|broken pipe|connection reset by peer"),
        ("half", ".* behind half an answer|broken pipe|connection reset by peer"),
        ("silent", "no answer within 0.1 s"),
    ],
)
def test_a_daemon_that_is_given_up_is_told_with_what_was_seen(
    kind: str, saw: str, tmp_path: Path
) -> None:
    path = tmp_path / "socket"

    def ask() -> str:
        seconds = 0.1 if kind == "silent" else 5
        return answers.of_socket(str(path), b"?", lambda said: said == b"yes", seconds)

    with Door(kind, lambda client: client.sendall(b"yes"), path=path, whole=3, faults=1000):
        assert re.fullmatch(saw, answers.until(ask, 0.5))
    assert ask() == "connection refused"
    path.unlink()
    assert ask() == "no such file or directory"


def test_a_command_that_hangs_ends_with_its_time() -> None:
    assert answers.of_command(["sleep", "60"], 0.1) == "no answer within 0.1 s"
    assert answers.of_command(["sh", "-c", "echo a; echo b >&2; exit 3"], 5) == "b"
    assert answers.of_command(["no-such-client"], 5) == "no-such-client: No such file or directory"
    assert answers.of_command(["true"], 5) == ""


@pytest.mark.skipif(not shutil.which("docker"), reason="needs Docker's client")
@pytest.mark.parametrize("kind", ["reset", "mid-request"])
def test_a_container_whose_docker_is_away_has_not_said_no(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "socket"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    place = ContainerTransport(name="web-1", guest=HostTransport())
    with (
        Door(kind, lambda client: None, path=path, faults=1000),
        pytest.raises(Unreachable, match="container web-1 on the host"),
    ):
        place.run(["true"])
    with pytest.raises(Unreachable, match="container web-1 on the host"):
        place.run(["true"])


def test_nobody_is_asked_again_where_nobody_can_answer() -> None:
    began = time.monotonic()
    assert answers.until(lambda: "it ended", 60, over=lambda: True) == "it ended"
    assert time.monotonic() - began < 5
