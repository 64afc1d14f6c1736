"""What a machine on a lab's network reaches of the host, through libvirt's hook on a real libvirtd.

A network namespace on the lab's bridge stands for a guest; what leaves a guest is all that counts.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

import pytest

pytestmark = pytest.mark.engine

GUEST, NETWORK, OTHER = "isolab-reach", "reach-lab", "reach-other"
"""A namespace; networks and their bridges."""
GATEWAY, ELSEWHERE, MACHINE = "10.99.81.1", "10.99.82.1", "10.99.83.1"
REGISTRY, BALANCER, LISTENER = 5000, 8080, 7777
DIAL = """
import json, socket, sys
def dial(target):
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
        return True
    except OSError:
        return False
print(json.dumps({target: dial(target) for target in sys.argv[1:]}))
"""
ASK = """
import socket, sys
labels = b"".join(bytes([len(p)]) + p for p in b"5000.8080.internet.reach.s.isolab".split(b"."))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
    asked.settimeout(5)
    header = bytes((1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0))
    asked.sendto(header + labels + bytes((0, 0, 1, 0, 1)), (sys.argv[1], 53))
    assert socket.inet_aton(sys.argv[1]) in asked.recv(512)
"""
"""Asks the gateway by UDP for a name that the network has."""
LISTEN = """
import socket, sys, time
held = [socket.create_server(("0.0.0.0", int(port))) for port in sys.argv[1:]]
print("listening", flush=True)
time.sleep(600)
"""


def run(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def network(name: str, gateway: str, opened: str) -> str:
    return f"""<network><name>{name}</name><forward mode="nat"/><bridge name="{name}"/>
    <domain name="reach.isolab" localOnly="yes"/>
    <dns><host ip="{gateway}"><hostname>{opened}.reach.s.isolab</hostname></host></dns>
    <ip address="{gateway}" netmask="255.255.255.0"/></network>"""


def change(opened: str) -> None:
    """As both of Pulumi's plugins change a name of a network that runs."""
    for action, entry in (
        ("delete", f"<host ip='{GATEWAY}'/>"),
        ("add", f"<host ip='{GATEWAY}'><hostname>{opened}.reach.s.isolab</hostname></host>"),
    ):
        run("virsh", "net-update", NETWORK, action, "dns-host", entry, "--live", "--config")


def dial(*targets: str) -> Mapping[str, bool]:
    """Which of them the guest reaches."""
    return json.loads(run("ip", "netns", "exec", GUEST, sys.executable, "-c", DIAL, *targets))


@pytest.fixture(scope="module", autouse=True)
def lab() -> Iterator[None]:
    """Two lab networks, a guest on one, an address of the machine's own, and what listens there."""
    run("ip", "address", "add", f"{MACHINE}/32", "dev", "lo")
    for name, gateway in ((NETWORK, GATEWAY), (OTHER, ELSEWHERE)):
        subprocess.run(
            ["virsh", "net-define", "/dev/stdin"],
            input=network(name, gateway, f"{REGISTRY}.{BALANCER}.internet"),
            text=True,
            check=True,
        )
        run("virsh", "net-start", name)
    run("ip", "netns", "add", GUEST)
    run("ip", "link", "add", "reach0", "type", "veth", "peer", "name", "reach1", "netns", GUEST)
    run("ip", "link", "set", "reach0", "master", NETWORK, "up")
    run("ip", "-n", GUEST, "address", "add", "10.99.81.9/24", "dev", "reach1")
    run("ip", "-n", GUEST, "link", "set", "reach1", "up")
    run("ip", "-n", GUEST, "route", "add", "default", "via", GATEWAY)
    ports = [str(port) for port in (REGISTRY, BALANCER, LISTENER)]
    words = [sys.executable, "-c", LISTEN, *ports]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdout and listener.stdout.readline()
        # A bridge forwards nothing for its first seconds.
        try:
            until = time.monotonic() + 20
            while not dial(f"{GATEWAY}:{REGISTRY}")[f"{GATEWAY}:{REGISTRY}"]:
                assert time.monotonic() < until, "the bridge forwards nothing"
            yield
        finally:
            listener.kill()
    run("ip", "netns", "delete", GUEST)
    run("ip", "address", "delete", f"{MACHINE}/32", "dev", "lo")
    for name in (NETWORK, OTHER):
        subprocess.run(["virsh", "net-destroy", name], check=False)
        run("virsh", "net-undefine", name)


def test_of_the_host_a_guest_reaches_the_open_ports_and_dns_alone() -> None:
    reached = dial(
        *(f"{GATEWAY}:{port}" for port in (53, REGISTRY, BALANCER, LISTENER)),
        *(f"{ELSEWHERE}:{port}" for port in (53, REGISTRY, BALANCER)),
        *(f"{MACHINE}:{port}" for port in (REGISTRY, LISTENER)),
    )
    assert {target for target, open_ in reached.items() if open_} == {
        f"{GATEWAY}:{port}" for port in (53, REGISTRY, BALANCER)
    }
    run("ip", "netns", "exec", GUEST, sys.executable, "-c", ASK, GATEWAY)


def test_a_port_that_docker_publishes_is_no_way_around() -> None:
    """Docker gives such a packet another destination before any filter of input sees it."""
    rules = f"""table ip reach {{
      chain published {{
        type nat hook prerouting priority dstnat;
        tcp dport 7778 redirect to :{REGISTRY}
      }}
    }}
    """
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        assert dial(f"{GATEWAY}:7778", f"{MACHINE}:7778") == {
            f"{GATEWAY}:7778": False,
            f"{MACHINE}:7778": False,
        }
    finally:
        run("nft", "delete", "table", "ip", "reach")


def test_the_host_reaches_the_guest() -> None:
    """What answers is no new connection."""
    words = ["ip", "netns", "exec", GUEST, sys.executable, "-c", LISTEN, "22"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as sshd:
        assert sshd.stdout and sshd.stdout.readline()
        try:
            done = run(sys.executable, "-c", DIAL, "10.99.81.9:22")
        finally:
            sshd.kill()
    assert json.loads(done) == {"10.99.81.9:22": True}


def test_a_port_opens_and_closes_while_the_network_runs() -> None:
    change(f"{REGISTRY}.{LISTENER}.internet")
    assert dial(f"{GATEWAY}:{LISTENER}", f"{GATEWAY}:{BALANCER}") == {
        f"{GATEWAY}:{LISTENER}": True,
        f"{GATEWAY}:{BALANCER}": False,
    }
    change(f"{REGISTRY}.{BALANCER}.internet")
    assert dial(f"{GATEWAY}:{LISTENER}", f"{GATEWAY}:{BALANCER}") == {
        f"{GATEWAY}:{LISTENER}": False,
        f"{GATEWAY}:{BALANCER}": True,
    }


OUTSIDE = "isolab-outside"
PUBLIC, PRIVATE = "203.0.113.7", "192.168.77.7"


@pytest.fixture
def outside() -> Iterator[None]:
    """A machine behind the host, with a public and a private address."""
    run("ip", "netns", "add", OUTSIDE)
    run("ip", "link", "add", "out0", "type", "veth", "peer", "name", "out1", "netns", OUTSIDE)
    run("ip", "address", "add", "203.0.113.1/24", "dev", "out0")
    run("ip", "address", "add", "192.168.77.1/24", "dev", "out0")
    run("ip", "link", "set", "out0", "up")
    for address in (PUBLIC, PRIVATE):
        run("ip", "-n", OUTSIDE, "address", "add", f"{address}/24", "dev", "out1")
    run("ip", "-n", OUTSIDE, "link", "set", "out1", "up")
    words = ["ip", "netns", "exec", OUTSIDE, sys.executable, "-c", LISTEN, "80"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout and server.stdout.readline()
        try:
            yield
        finally:
            server.kill()
    run("ip", "netns", "delete", OUTSIDE)


@pytest.mark.usefixtures("outside")
def test_outside_is_what_the_lab_file_says() -> None:
    found: dict[str, tuple[bool, bool]] = {}
    for word in ("internet", "open", "lan", "none"):
        change(f"{REGISTRY}.{BALANCER}.{word}")
        reached = dial(f"{PUBLIC}:80", f"{PRIVATE}:80")
        found[word] = (reached[f"{PUBLIC}:80"], reached[f"{PRIVATE}:80"])
    assert found == {
        "internet": (True, False),
        "open": (True, True),
        "lan": (False, True),
        "none": (False, False),
    }


def test_the_rules_go_with_their_network_alone() -> None:
    run("virsh", "net-destroy", OTHER)
    tables = run("nft", "list", "tables")
    assert f"isolab-{NETWORK}" in tables
    assert OTHER not in tables
