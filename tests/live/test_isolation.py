"""Who reaches whom: services of two guests, by name and by every address that there is."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Lab

from machine.host.transport import HostTransport

FILE = Path(__file__).with_name("labs") / "isolation.yaml"
DIAL = """
import concurrent.futures, json, socket, sys
def dial(target):
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=6).close()
        return True
    except OSError:
        return False
targets = sys.argv[1:]
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    print(json.dumps(dict(zip(targets, pool.map(dial, targets)))))
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    lab = Lab("isolation")
    lab("up", "--yes", "--stack", lab.stack, str(FILE))
    yield lab
    lab.down()


class Places:
    """The addresses of the lab as it is deployed."""

    def __init__(self, lab: Lab) -> None:
        status = lab.status()
        guests = {guest["name"]: guest["address"] for guest in status["guests"]}
        self.left, self.right = guests["left-1"], guests["right-1"]
        hosts = lab("exec", "--stack", lab.stack, "web", "--", "cat", "/etc/hosts")
        self.twin = next(a for a, *names in map(str.split, hosts.splitlines()) if "twin" in names)
        self.host = self.left.rpartition(".")[0] + ".1"


def inside(lab: Lab, guest: str, container: str) -> list[str]:
    """A container's own addresses on its guest."""
    said = lab(
        "ssh", "--stack", lab.stack, guest, "--",
        "docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "
        + container,
    )  # fmt: skip
    return said.split()


def reaches(lab: Lab, service: str, *targets: str) -> dict[str, bool]:
    """Which of these a service's container can connect to."""
    words = ("exec", "--stack", lab.stack, service, "--", "python3", "-c", DIAL, *targets)
    return json.loads(lab(*words))


def from_host(*targets: str) -> dict[str, bool]:
    done = HostTransport().run(["python3", "-c", DIAL, *targets], timeout=60)
    return json.loads(done.stdout)


def check(lab: Lab, service: str, *, allowed: list[str], refused: list[str]) -> None:
    """The positive ones are the controls: they show that what is refused is not merely broken."""
    expected = dict.fromkeys(allowed, True) | dict.fromkeys(refused, False)
    assert reaches(lab, service, *allowed, *refused) == expected, service


def check_the_matrix(lab: Lab) -> None:
    at = Places(lab)
    guests = [f"{at.left}:22", f"{at.right}:22", f"{at.twin}:22"]
    cache, store = (
        inside(lab, guest, name) for guest, name in (("left-1", "cache-1"), ("right-1", "store-1"))
    )
    there = [f"{address}:7003" for address in store]

    # Shares networks with both neighbours on its guest, and with store on the other one.
    allowed = ["neighbour:7001", "cache:7002", "store:7003", f"{at.right}:8081", f"{at.host}:5000"]
    check(lab, "web", allowed=[*allowed, "twin:7003", "open:7005"], refused=guests)

    # Shares a network with web, the caller of store, and even its way out; but none with store.
    allowed = ["web:7000", f"{at.left}:8080", f"{at.right}:8081", f"{at.host}:5000"]
    allowed += ["twin:7003", f"{at.twin}:7003"]
    refused = [f"{at.right}:7003", *(f"{a}:7002" for a in cache), *there, *guests]
    check(lab, "neighbour", allowed=allowed, refused=refused)

    # On an internal network alone, with links across: to store and open, and nowhere else.
    allowed = ["web:7000", "store:7003", f"{at.right}:7003", "open:7005"]
    refused = [
        f"{at.twin}:7003",
        f"{at.left}:8080",
        f"{at.right}:8081",
        f"{at.host}:5000",
        f"{at.host}:53",
        *guests,
    ]
    refused += [f"{bridge(address)}:22" for address in cache]
    check(lab, "cache", allowed=allowed, refused=refused)

    # On store's guest, and on none of its networks.
    allowed = [f"{at.left}:8080", f"{at.right}:8081", f"{at.host}:5000"]
    refused = [f"{at.right}:7003", f"{at.left}:7000", f"{at.left}:7002", *there, *guests]
    check(lab, "stranger", allowed=allowed, refused=refused)

    # What the lab file publishes is the host's to dial; what exists for a link is not.
    allowed = [f"{at.left}:8080", f"{at.right}:8081", *guests]
    refused = [f"{at.right}:7003", f"{at.twin}:7003", f"{at.left}:7000", f"{at.left}:7002"]
    expected = dict.fromkeys(allowed, True) | dict.fromkeys(refused, False)
    assert from_host(*expected) == expected


def bridge(address: str) -> str:
    """The guest's own address on the /20 of a container's address."""
    a, b, c, _ = address.split(".")
    return f"{a}.{b}.{int(c) & 0xF0}.1"


def test_services_reach_each_other_by_their_networks_alone(lab: Lab) -> None:
    check_the_matrix(lab)


@pytest.mark.long
def test_isolation_holds_again_after_both_guests_rebooted(lab: Lab) -> None:
    for guest in ("left-1", "right-1"):
        before = lab(
            "ssh", "--stack", lab.stack, guest, "--", "cat /proc/sys/kernel/random/boot_id"
        )
        lab("ssh", "--stack", lab.stack, guest, "--", "(sleep 1; reboot) >/dev/null 2>&1 &")
        wait_for_another_boot(lab, guest, before)
    for guest in ("left-1", "right-1"):
        state = "systemctl is-active isolab-firewall docker"
        assert lab("ssh", "--stack", lab.stack, guest, "--", state).split() == ["active"] * 2
    wait_until_all_run(lab)
    check_the_matrix(lab)


def wait_for_another_boot(lab: Lab, guest: str, before: str) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        try:
            word = "cat /proc/sys/kernel/random/boot_id && docker info >/dev/null"
            if lab("ssh", "--stack", lab.stack, guest, "--", word) != before:
                return
        except AssertionError:
            pass
        time.sleep(2)
    pytest.fail(f"{guest} did not come back")


def wait_until_all_run(lab: Lab) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        containers = [c for guest in lab.status_of_any()["guests"] for c in guest["containers"]]
        if all(container["state"] == "running" for container in containers):
            return
        time.sleep(2)
    pytest.fail("not all containers came back")
