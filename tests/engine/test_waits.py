"""Waits for daemons, with the real ones behind doors that open before these listen."""

import csv
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

import docker_bench
import pytest
from doors import KINDS, TRIES, Door, each_kind, every_try

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "images/mariadb"))

from member import server

from machine.host import answers, docker_cli
from machine.host.docker_cli import DockerFailed, docker
from machine.images import registry, service_catalog, service_images
from machine.setup import daemons

pytestmark = pytest.mark.engine

READY = (Path(__file__).parents[2] / "components/ready.sh").read_text()
HAPROXY = "isolab/haproxy:1"
MARIADB = "isolab/mariadb:1"
BEFORE_A_WORD = ("reset", "half", "silent")
"""What goes wrong where the program speaks first: there is no request to break off in."""
GREETING = 100
"""Bytes that MariaDB says first, about: a cut in them breaks the connection off."""
CONFIGURATION = """global
    description one
    stats socket /run/haproxy/real.sock mode 666 level admin
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend front
    bind 127.0.0.1:18090
    default_backend web
backend web
    server a 127.0.0.1:18090 check inter 200ms
    server b 127.0.0.1:1 check inter 200ms
"""


@docker_bench.needed
@each_kind
def test_a_guest_is_ready_once_its_docker_answers(kind: str, tmp_path: Path) -> None:
    done = tmp_path / "result.json"
    done.write_text('{"v1": {"errors": []}}')
    script = READY.replace("/run/cloud-init/result.json", str(done))

    def one(number: int) -> None:
        path = tmp_path / f"{number}"
        # The client asks for a ping before it asks for the version: both may be cut.
        with Door(kind, "/var/run/docker.sock", path=path, number=number, whole=300) as door:
            said = subprocess.run(
                ["sh", "-c", script],
                env={**os.environ, "DOCKER_HOST": f"unix://{path}"},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        assert said.returncode == 0, said
        assert said.stdout.strip()[0].isdigit(), said
        assert door.failed == 3

    every_try(one)


def test_a_guest_whose_docker_stays_silent_is_given_up_with_what_was_seen(tmp_path: Path) -> None:
    done, path = tmp_path / "result.json", tmp_path / "socket"
    done.write_text('{"v1": {"errors": []}}')
    script = READY.replace("/run/cloud-init/result.json", str(done))
    script = script.replace("+ 300", "+ 1").replace("timeout 30", "timeout 1")
    for kind, saw in (("silent", "no answer within 30 s"), ("reset", str(path))):
        with Door(kind, lambda client: None, path=path, faults=1000, held=5):
            said = subprocess.run(
                ["sh", "-c", script],
                env={**os.environ, "DOCKER_HOST": f"unix://{path}"},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        path.unlink()
        assert said.returncode == 1
        first, second = said.stderr.splitlines()[:2]
        assert first == "Docker did not answer within five minutes; the last try saw:"
        # The client names the socket as a path or within a URL: it depends on what is cut.
        assert saw in unquote(second)


@pytest.mark.parametrize("daemon", daemons.DAEMONS, ids=lambda daemon: daemon.name)
def test_the_machines_own_daemons_answer(daemon: daemons.Daemon) -> None:
    assert daemon.ask(10) == ""


@each_kind
def test_the_daemons_that_only_a_socket_tells_of_are_waited_for(kind: str, tmp_path: Path) -> None:
    real = "/run/libvirt/virtlogd-sock"

    def one(number: int) -> None:
        path = tmp_path / f"{number}"

        def ask() -> str:
            ping, whole = daemons.PING, len(daemons.PING)
            return answers.of_socket(str(path), ping, lambda said: len(said) >= whole, 5)

        with Door(kind, real, path=path, number=number, whole=len(daemons.PING)) as door:
            assert answers.until(ask, 20) == ""
        assert door.failed == 3

    every_try(one)


@dataclass(kw_only=True)
class Balancer:
    """HAProxy in a container, its socket where a door can stand before it."""

    container: str
    sockets: Path

    def ask(self, *words: str) -> str:
        return docker("exec", self.container, "turn", *words)


def bring(image: str) -> None:
    """Puts one of the project's own images into this machine's Docker."""
    service_images.ensure(print)
    if docker_cli.image_id(image) != service_catalog.read()[image].id:
        with registry.serving(service_images.load_registry_image()) as address:
            registry.pull(image, service_images.digests()[image], address, tag=image)


@pytest.fixture
def balancer(tmp_path: Path) -> Iterator[Balancer]:
    bring(HAPROXY)
    sockets, file = tmp_path / "run", tmp_path / "haproxy.cfg"
    sockets.mkdir()
    sockets.chmod(0o777)
    file.write_text(CONFIGURATION)
    name = f"isolab-test-{uuid4().hex[:8]}"
    docker(
        "run", "--detach", "--name", name, "--network", "host",
        "--volume", f"{sockets}:/run/haproxy", "--volume", f"{file}:/etc/haproxy/haproxy.cfg:ro",
        HAPROXY,
    )  # fmt: skip
    try:
        assert answers.until(lambda: "" if (sockets / "real.sock").exists() else "none", 20) == ""
        yield Balancer(container=name, sockets=sockets)
    finally:
        docker("rm", "--force", name)


def status(socket_path: Path, server: str) -> str:
    """What HAProxy itself calls the state of a server."""
    with socket.socket(socket.AF_UNIX) as end:
        end.connect(str(socket_path))
        end.sendall(b"show stat\n")
        table = end.makefile().read()
    (row,) = (row for row in csv.reader(table.splitlines()) if row[:2] == server.split("/"))
    return row[17]


@pytest.mark.parametrize(
    "kind", [k if k == "mid-request" else pytest.param(k, marks=pytest.mark.long) for k in KINDS]
)
def test_a_balancer_that_starts_is_told_and_asked_until_it_answers(
    kind: str, balancer: Balancer
) -> None:
    real, path = balancer.sockets / "real.sock", balancer.sockets / "admin.sock"
    for number in range(TRIES // 2):  # one after the other: there is one socket
        for words, wanted in ((("out", "5"), "DRAIN"), (("in", "20"), "UP")):
            with Door(kind, str(real), path=path, number=number, whole=1000, faults=2) as door:
                balancer.ask(*words, "web/a")
            path.unlink()
            assert door.failed == 2
            assert status(real, "web/a").startswith(wanted)


def test_half_a_table_lets_no_replica_in(balancer: Balancer) -> None:
    real, path = balancer.sockets / "real.sock", balancer.sockets / "admin.sock"
    for number in range(TRIES // 4):
        with (
            Door("half", str(real), path=path, number=number, whole=1000, faults=2),
            pytest.raises(DockerFailed, match="the balancer finds web/b DOWN"),
        ):
            balancer.ask("in", "3", "web/b")
        path.unlink()


@each_kind
def test_a_balancer_that_stays_silent_is_given_up_with_what_was_seen(
    kind: str, balancer: Balancer
) -> None:
    path = balancer.sockets / "admin.sock"
    with Door(kind, lambda client: None, path=path, faults=1000, held=0.2):
        for words in (("alive",), ("in", "1", "web/a")):
            with pytest.raises(DockerFailed, match=r"no answer|reset by peer|[Bb]roken pipe"):
                balancer.ask(*words)


@dataclass(kw_only=True)
class Database:
    """MariaDB in a container, its socket where a door can stand before it."""

    container: str
    sockets: Path

    def is_healthy(self) -> bool:
        """What the image's own healthcheck says."""
        words = ["docker", "exec", self.container, "healthcheck"]
        return not subprocess.run(words, capture_output=True, timeout=30, check=False).returncode


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    bring(MARIADB)
    sockets, name = tmp_path / "run", f"isolab-test-{uuid4().hex[:8]}"
    sockets.mkdir()
    sockets.chmod(0o777)
    docker(
        "run", "--detach", "--name", name, "--network", "none",
        "--volume", f"{sockets}:/run/mysqld", MARIADB, "mariadbd", "--socket=/run/mysqld/real.sock",
    )  # fmt: skip
    try:
        # Who comes through the door is not user mysql any more, whom the server knows by that.
        free = "ALTER USER mysql@localhost IDENTIFIED BY ''"
        ask = ["docker", "exec", name, "mariadb", "--socket=/run/mysqld/real.sock", "-e", free]

        def begun() -> str:
            done = subprocess.run(ask, capture_output=True, text=True, timeout=30, check=False)
            return done.stderr

        assert answers.until(begun, 60) == ""
        yield Database(container=name, sockets=sockets)
    finally:
        docker("rm", "--force", "--volumes", name)


@docker_bench.needed
@pytest.mark.parametrize("kind", BEFORE_A_WORD)
def test_a_database_that_starts_is_healthy_once_it_answers(kind: str, database: Database) -> None:
    real, path = database.sockets / "real.sock", database.sockets / "mysqld.sock"
    for number in range(TRIES // 4):  # one after the other: there is one socket
        with Door(kind, str(real), path=path, number=number, whole=GREETING, faults=2) as door:
            found = [database.is_healthy() for _ in range(3)]
        path.unlink()
        assert found == [False, False, True]
        assert door.failed == 2


@docker_bench.needed
@pytest.mark.parametrize("kind", BEFORE_A_WORD)
def test_a_member_of_a_cluster_asks_its_server_again(
    kind: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, path = database.sockets / "real.sock", database.sockets / "mysqld.sock"
    monkeypatch.setattr(server, "SOCKET", str(path))
    for number in range(TRIES):  # one after the other: there is one socket
        member = server.Server(["true"])
        with Door(kind, str(real), path=path, number=number, whole=GREETING, faults=2) as door:
            found = [member.phase() for _ in range(3)]
        path.unlink()
        assert found == ["starting", "starting", "apart"]  # it is no cluster's
        assert door.failed == 2
