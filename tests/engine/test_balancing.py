"""The balancer's image and configuration on a real dockerd, in front of two small servers."""

import http.client
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest

from isolab.plan import haproxy
from isolab.plan.model import Backend, Balancer, Plan, Route, Surroundings
from isolab.plan.read import plan_file
from machine import sandbox
from machine.host import docker_cli
from machine.host.docker_cli import DockerFailed, docker
from machine.images import registry, service_images

pytestmark = pytest.mark.engine

IMAGE = "isolab/haproxy:1"
BALANCED = Path(__file__).parents[1] / "labs/valid/balanced.yaml"
LISTEN = 18080
PAGE = 18404
SLOW = 2.0
"""Seconds that /slow takes."""


class Server(ThreadingHTTPServer):
    """A replica that answers with its name."""

    daemon_threads = True

    def __init__(self, name: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/slow":
                    time.sleep(SLOW)
                self.send_response(200)
                self.send_header("Content-Length", str(len(name)))
                self.end_headers()
                self.wfile.write(name.encode())

            def log_message(self, format: str, *words: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A check that hangs up once it knows enough is no error."""

    def end(self) -> None:
        """Stop answering."""
        self.shutdown()
        self.server_close()


@dataclass
class Front:
    """A balancer that runs, the two replicas behind it, and its file."""

    container: str
    planned: Balancer
    file: Path
    servers: tuple[Server, Server]

    def ask(self, *words: str) -> str:
        """Ask or tell the balancer."""
        return docker("exec", self.container, "turn", *words)

    def finds_down(self, server: str, timeout: float = 30) -> None:
        """Wait until its checks have found a server dead; until then it calls it healthy."""
        end = time.monotonic() + timeout
        while True:
            try:
                self.ask("in", "1", server)
            except DockerFailed:
                return
            assert time.monotonic() < end, f"{server} is still healthy"
            time.sleep(0.2)

    def configure(self, planned: Balancer) -> None:
        """Write its file as the component does, in place."""
        self.file.write_text(haproxy.configuration(planned, kvm=True))


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """As components/balancer.py makes one, on loopback."""
    service_images.ensure(print)
    if docker_cli.image_id(IMAGE) is None:
        with registry.serving(service_images.load_registry_image()) as address:
            registry.pull(IMAGE, service_images.digests()[IMAGE], address, tag=IMAGE)
    plan = plan_file(BALANCED, {}, Surroundings(stack="balanced"))
    assert isinstance(plan, Plan)
    servers = (Server("a"), Server("b"))
    backends = tuple(
        Backend(container=name, guest="", address="127.0.0.1", port=server.server_port)
        for name, server in zip("ab", servers, strict=True)
    )
    planned = replace(
        plan.balancers[0],
        name="front",
        mode="http",
        sticky=False,
        address="127.0.0.1",
        listen=LISTEN,
        statistics=PAGE,
        statistics_address="127.0.0.1",
        routes=(Route(path="/", service="web", name="web", check="/", backends=backends),),
    )
    made = Front(f"isolab-test-{uuid4().hex[:8]}", planned, tmp_path / "haproxy.cfg", servers)
    made.configure(planned)
    made.file.chmod(0o444)
    docker(
        "run", "--detach", "--name", made.container, "--network", "host", "--read-only",
        "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true", "--user", "65534:65534",
        "--tmpfs", "/run/haproxy:size=1m,mode=1777", "--memory", "128m",
        "--volume", f"{made.file}:/etc/haproxy/haproxy.cfg:ro", IMAGE,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                made.ask("in", "10", "web/a", "web/b")
                break
            except DockerFailed:
                assert time.monotonic() < deadline, docker("logs", made.container)
                time.sleep(0.2)
        yield made
    finally:
        docker("rm", "--force", made.container)
        for server in servers:
            # One that is only closed goes on in a loop without a pause.
            server.end()


def ask(path: str = "/") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{LISTEN}{path}", timeout=10) as answer:
        return answer.read().decode()


def test_reloads_drop_no_request(front: Front) -> None:
    stop, counts, failures = threading.Event(), [0], list[str]()

    def work() -> None:
        while not stop.is_set() and counts[0] < 20_000:
            counts[0] += 1
            try:
                ask()
            except OSError as error:
                failures.append(repr(error))

    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            pool.submit(work)
        try:
            for number in range(4):
                front.configure(replace(front.planned, sticky=number % 2 == 0))
                front.ask("reload")
        finally:
            stop.set()
    print(f"{counts[0]} requests over 4 reloads")
    assert counts[0] > 100
    assert failures == []


def test_a_replica_that_is_out_ends_what_it_had_and_gets_nothing_more(front: Front) -> None:
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(ask, "/slow") for _ in range(2)]
        time.sleep(0.5)
        begin = time.monotonic()
        front.ask("out", "10", "web/a")
        waited = time.monotonic() - begin
        assert sorted(each.result() for each in slow) == ["a", "b"]
    assert waited > SLOW / 2
    assert {ask() for _ in range(6)} == {"b"}
    front.ask("in", "10", "web/a")
    assert {ask() for _ in range(6)} == {"a", "b"}


def test_a_dead_replica_costs_no_request_and_is_not_let_in(front: Front) -> None:
    front.servers[0].end()
    assert [ask() for _ in range(20)] == ["b"] * 20
    front.finds_down("web/a")
    with pytest.raises(DockerFailed, match="the balancer finds web/a DOWN"):
        front.ask("in", "4", "web/a")


@pytest.mark.skipif(not sandbox.inside(), reason="changes the firewall")
def test_a_replica_that_falls_silent_costs_no_request(front: Front) -> None:
    stop = threading.Event()
    answers: list[str] = []
    failures: list[str] = []

    def work(path: str) -> None:
        while not stop.is_set():
            try:
                answers.append(ask(path))
            except (OSError, http.client.HTTPException) as error:
                failures.append(repr(error))
            stop.wait(0.05)

    with ThreadPoolExecutor(8) as pool, ExitStack() as after:
        for _ in range(4):
            pool.submit(work, "/")
            pool.submit(work, "/slow")
        after.callback(stop.set)
        time.sleep(1)
        # As when its guest loses power: nothing arrives there, and nothing comes from there.
        for rule in ("--dport", "--sport"):
            words = ["OUTPUT", "-p", "tcp", rule, str(front.servers[0].server_port), "-j", "DROP"]
            subprocess.run(["iptables", "-w", "-I", *words], check=True)
            after.callback(subprocess.run, ["iptables", "-w", "-D", *words], check=True)
        front.finds_down("web/a")
        time.sleep(5)
        stop.set()
    assert set(answers) == {"a", "b"}
    assert failures == [], docker("logs", front.container)


def test_a_server_that_the_balancer_does_not_know_is_none_of_its_business(front: Front) -> None:
    front.ask("out", "5", "web/gone")
    front.ask("in", "5", "web/gone")


def test_its_statistics_tell_each_replica(front: Front) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{PAGE}/;csv", timeout=5) as answer:
        table = answer.read().decode()
    assert table.startswith("# pxname,svname,")
    assert any(line.startswith("web,a,") and ",UP," in line for line in table.splitlines())
