"""Three members of a Galera cluster on a real dockerd: begin, rejoin, begin again, never apart."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from benchmarks.failover.client import Client
from machine.host import docker_cli
from machine.host.docker_cli import docker
from machine.images import registry, service_images

pytestmark = pytest.mark.engine

IMAGE = "isolab/mariadb:1"
WEB = "isolab/guestbook:1"
LOCKED = (
    "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true",
    "--tmpfs", "/tmp:size=16m", "--tmpfs", "/run/mysqld:size=1m,mode=1777",
    "--pids-limit", "128", "--memory", "256m", "--restart", "unless-stopped",
)  # fmt: skip
SUBNET = "10.231.7"
NUMBERS = (1, 2, 3)
TIMEOUT = 150


class Cluster:
    """Three containers with a volume each, on a network of their own."""

    def __init__(self, folder: Path) -> None:
        self.prefix = f"isolab-test-{uuid4().hex[:8]}"
        self._secret = folder / "db_password"
        self._secret.write_text("it's secret")
        self._secret.chmod(0o444)
        docker("network", "create", "--subnet", f"{SUBNET}.0/24", self.prefix)

    def name(self, number: int) -> str:
        return f"{self.prefix}-{number}"

    def create(self, number: int) -> None:
        members = ",".join(f"db-{n}={SUBNET}.1{n}" for n in NUMBERS)
        docker(
            "run", "--detach", "--name", self.name(number), *LOCKED,
            "--network", self.prefix, "--ip", f"{SUBNET}.1{number}",
            "--volume", f"{self.name(number)}:/var/lib/mysql",
            "--volume", f"{self._secret}:/run/secrets/db_password:ro",
            "--env", "MARIADB_DATABASE=guestbook", "--env", "MARIADB_USER=guestbook",
            "--env", "MARIADB_PASSWORD_FILE=/run/secrets/db_password",
            "--env", "GALERA_CLUSTER=test", "--env", f"GALERA_NAME=db-{number}",
            "--env", f"GALERA_MEMBERS={members}", IMAGE,
        )  # fmt: skip

    def create_web(self) -> str:
        """A guestbook that prefers the first member; its URL."""
        docker(
            "run", "--detach", "--name", f"{self.prefix}-web", *LOCKED,
            "--network", self.prefix, "--ip", f"{SUBNET}.20",
            "--volume", f"{self._secret}:/run/secrets/db_password:ro",
            "--env", "DB_HOST=" + ", ".join(f"{SUBNET}.1{n}" for n in NUMBERS), WEB,
        )  # fmt: skip
        return f"http://{SUBNET}.20:8000"

    def remove(self) -> None:
        names = [self.name(number) for number in NUMBERS]
        docker("rm", "--force", "--volumes", *names, f"{self.prefix}-web")
        docker("volume", "rm", "--force", *names)
        docker("network", "rm", self.prefix)

    def member_is_healthy(self, number: int) -> bool:
        return self.is_healthy(self.name(number))

    def is_healthy(self, container: str) -> bool:
        """What the image's own health check says."""
        try:
            docker("exec", container, "healthcheck")
        except docker_cli.DockerFailed:
            return False
        return True

    def size(self) -> int:
        return sum(self.member_is_healthy(number) for number in NUMBERS)

    def all_healthy(self) -> bool:
        return self.size() == len(NUMBERS)

    def sql(self, number: int, statement: str) -> str:
        """As the administrator, by socket."""
        return docker(
            "exec", self.name(number), "mariadb", "--skip-column-names", "guestbook",
            "--execute", statement,
        ).strip()  # fmt: skip

    def write(self, number: int, text: str) -> None:
        self.sql(number, f"INSERT INTO written (text) VALUES ('{text}')")

    def texts(self, number: int, table: str = "written") -> set[str]:
        return set(self.sql(number, f"SELECT text FROM {table}").split())

    def holds(self, number: int, texts: frozenset[str]) -> bool:
        """A frozen one believes itself healthy until it hears of the others: then it waits."""
        try:
            return texts <= self.texts(number, "entries")
        except docker_cli.DockerFailed:
            return False

    def pid(self, number: int) -> str:
        return docker("inspect", "--format", "{{.State.Pid}}", self.name(number)).strip()

    def cut_power(self, *numbers: int) -> None:
        """Everything in the containers ends at once, without a word; Docker starts them again."""
        subprocess.run(["kill", "-KILL", *map(self.pid, numbers)], check=True)

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits; where it does not happen, says what the members said last."""
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            if time.monotonic() > deadline:
                tails = [f"{n}: {self.log(n)[-1500:]}" for n in NUMBERS]
                pytest.fail("\n".join(["it did not happen in time", *tails]))
            time.sleep(0.5)

    def log(self, number: int) -> str:
        done = subprocess.run(
            ["docker", "logs", self.name(number)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        return done.stdout


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Begun from nothing."""
    service_images.ensure(print)
    with registry.serving(service_images.load_registry_image()) as address:
        for image in (IMAGE, WEB):
            if docker_cli.image_id(image) is None:
                registry.pull(image, service_images.digests()[image], address, tag=image)
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        for number in NUMBERS:
            cluster.create(number)
        cluster.until(cluster.all_healthy)
        cluster.sql(1, "CREATE TABLE written (id INT AUTO_INCREMENT PRIMARY KEY, text CHAR(40))")
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(autouse=True)
def _whole(cluster: Cluster) -> None:
    """Each test begins with a cluster that is whole."""
    cluster.until(cluster.all_healthy)


def test_what_one_member_takes_all_members_hold(cluster: Cluster) -> None:
    for number in NUMBERS:
        cluster.write(number, f"by-{number}")
    for number in NUMBERS:
        cluster.until(lambda number=number: {"by-1", "by-2", "by-3"} <= cluster.texts(number))


def test_a_killed_member_comes_back_with_what_it_missed(cluster: Cluster) -> None:
    docker("kill", cluster.name(2))
    cluster.until(lambda: cluster.size() == 2)
    cluster.write(1, "missed")
    docker("start", cluster.name(2))
    cluster.until(cluster.all_healthy)
    assert "missed" in cluster.texts(2)
    assert "IST" in cluster.log(2), "few transactions are sent by themselves, without a copy of all"


@pytest.mark.long
def test_a_member_that_lost_its_data_gets_a_copy_and_takes_nothing_away(cluster: Cluster) -> None:
    cluster.write(1, "before-the-loss")
    docker("rm", "--force", cluster.name(1))
    docker("volume", "rm", cluster.name(1))
    cluster.create(1)
    cluster.until(cluster.all_healthy)
    assert "before-the-loss" in cluster.texts(1)


@pytest.mark.long
def test_all_stopped_one_after_the_other_begin_again_with_the_last_write(cluster: Cluster) -> None:
    docker("stop", "--time", "30", cluster.name(1))
    cluster.write(2, "without-1")
    docker("stop", "--time", "30", cluster.name(2))
    cluster.write(3, "by-the-last")
    docker("stop", "--time", "30", cluster.name(3))
    docker("start", cluster.name(1), cluster.name(2))
    time.sleep(8)
    assert cluster.size() == 0, "without the one that wrote last nobody may begin"
    docker("start", cluster.name(3))
    cluster.until(cluster.all_healthy)
    for number in NUMBERS:
        assert {"without-1", "by-the-last"} <= cluster.texts(number)


def test_a_power_cut_of_all_members_at_once_loses_no_acknowledged_write(cluster: Cluster) -> None:
    acknowledged: set[str] = set()
    for number in (*NUMBERS, *NUMBERS):
        cluster.write(number, f"cut-{len(acknowledged)}")
        acknowledged.add(f"cut-{len(acknowledged)}")
    cluster.cut_power(*NUMBERS)
    cluster.until(cluster.all_healthy)
    for number in NUMBERS:
        assert acknowledged <= cluster.texts(number)


def test_a_minority_refuses_writes_and_takes_them_when_the_others_are_back(
    cluster: Cluster,
) -> None:
    for number in (2, 3):
        docker("network", "disconnect", cluster.prefix, cluster.name(number))
    cluster.until(lambda: not cluster.member_is_healthy(1))
    with pytest.raises(docker_cli.DockerFailed):
        cluster.write(1, "by-a-minority")
    for number in (2, 3):
        docker(
            "network", "connect", "--ip", f"{SUBNET}.1{number}", cluster.prefix,
            cluster.name(number),
        )  # fmt: skip
    cluster.until(cluster.all_healthy)
    cluster.write(1, "by-all")
    for number in NUMBERS:
        cluster.until(lambda number=number: "by-all" in cluster.texts(number))
        assert "by-a-minority" not in cluster.texts(number)


@pytest.mark.long
def test_a_member_left_alone_by_two_that_died_begins_again_with_them(cluster: Cluster) -> None:
    """One runs on outside the cluster, the others come back without a server: nobody could join."""
    cluster.write(1, "before-two-died")
    cluster.cut_power(2, 3)
    cluster.until(cluster.all_healthy)
    for number in NUMBERS:
        assert "before-two-died" in cluster.texts(number)


@pytest.fixture(scope="module")
def web(cluster: Cluster) -> str:
    """A healthy guestbook on the cluster."""
    url = cluster.create_web()
    cluster.until(lambda: cluster.is_healthy(f"{cluster.prefix}-web"))
    return url


def killed_and_back(cluster: Cluster) -> None:
    docker("kill", cluster.name(1))
    time.sleep(10)
    docker("start", cluster.name(1))


def frozen_for_a_while(cluster: Cluster) -> None:
    docker("pause", cluster.name(1))
    time.sleep(15)
    docker("unpause", cluster.name(1))


def all_without_power(cluster: Cluster) -> None:
    cluster.cut_power(*NUMBERS)


@pytest.mark.parametrize("happen", [killed_and_back, frozen_for_a_while, all_without_power])
def test_the_application_loses_no_entry_that_it_acknowledged(
    cluster: Cluster, web: str, happen: Callable[[Cluster], None]
) -> None:
    client = Client(web)
    client.start()
    time.sleep(2)
    happen(cluster)
    cluster.until(cluster.all_healthy)
    time.sleep(2)
    tally = client.stop()
    print(f"{happen.__name__}: {tally.sent} sent, {tally.failed} failed, {tally.longest_gap:.1f} s")
    assert tally.acknowledged
    assert tally.failed < tally.sent / 2 or happen is all_without_power
    for number in NUMBERS:
        cluster.until(lambda number=number: cluster.holds(number, tally.acknowledged))
