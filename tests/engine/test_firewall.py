"""A guest's packet filter on a real dockerd, with the rest of the lab network in a namespace.

The sandbox is the guest left-1; the namespace beside it is the host and the guest right-1 at once.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from isolab.plan.model import Guest, Plan, Surroundings
from isolab.plan.network import firewall, networks
from isolab.plan.read import plan_file
from machine.host import docker_cli
from machine.host.docker_cli import docker
from machine.images import registry, service_images

pytestmark = pytest.mark.engine

LAB = Path(__file__).parents[1] / "live/labs/isolation.yaml"
BESIDE = "isolab-beside"
DIAL = """
import concurrent.futures, json, socket, sys
def dial(target):
    source, _, target = target.rpartition(">")
    host, _, port = target.rpartition(":")
    try:
        address = (source, 0) if source else None
        socket.create_connection((host, int(port)), timeout=3, source_address=address).close()
        return True
    except OSError:
        return False
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    print(json.dumps(dict(zip(sys.argv[1:], pool.map(dial, sys.argv[1:])))))
"""
LISTEN = """
import socket, sys, time
held = [socket.create_server(("0.0.0.0", int(port))) for port in sys.argv[1:]]
print("listening", flush=True)
time.sleep(600)
"""


def run(*words: str, input: str = "") -> str:
    return subprocess.run(words, input=input, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def plan() -> Plan:
    planned = plan_file(LAB, {}, Surroundings(stack="filtered", cidr="10.99.77.0/24"))
    assert isinstance(planned, Plan)
    return planned


@pytest.fixture(scope="module")
def left(plan: Plan) -> Guest:
    return next(guest for guest in plan.guests if guest.name == "left-1")


@pytest.fixture(scope="module")
def right(plan: Plan) -> Guest:
    return next(guest for guest in plan.guests if guest.name == "right-1")


@pytest.fixture(scope="module", autouse=True)
def lab_network(plan: Plan, left: Guest, right: Guest) -> Iterator[None]:
    """This side is left-1; the other has the addresses of the host and of right-1."""
    run("ip", "netns", "add", BESIDE)
    run("ip", "link", "add", "lab0", "type", "veth", "peer", "name", "lab1", "netns", BESIDE)
    run("ip", "address", "add", f"{left.address}/24", "dev", "lab0")
    run("ip", "link", "set", "lab0", "up")
    for address in (plan.network.gateway, right.address):
        run("ip", "-n", BESIDE, "address", "add", f"{address}/24", "dev", "lab1")
    run("ip", "-n", BESIDE, "link", "set", "lab1", "up")
    run("ip", "-n", BESIDE, "link", "set", "lo", "up")
    listener = subprocess.Popen(
        [
            "ip", "netns", "exec", BESIDE, sys.executable, "-c", LISTEN,
            "22", "53", "5000", "7003", "8081",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert listener.stdout
    assert listener.stdout.readline() == "listening\n"
    here = subprocess.Popen([sys.executable, "-c", LISTEN, "22"], stdout=subprocess.PIPE, text=True)
    assert here.stdout
    assert here.stdout.readline() == "listening\n"
    yield
    for process in (listener, here):
        process.terminate()
        process.wait()
    run("ip", "netns", "delete", BESIDE)


@pytest.fixture(scope="module", autouse=True)
def containers(plan: Plan, left: Guest, lab_network: None) -> Iterator[None]:
    """Its containers, on networks and at addresses as planned, behind its filter."""
    image = "isolab/python:1"
    service_images.ensure(print)
    if docker_cli.image_id(image) is None:
        with registry.serving(service_images.load_registry_image()) as address:
            registry.pull(image, service_images.digests()[image], address, tag=image)
    for network in left.networks:
        options = networks.options(network)
        docker(
            "network", "create", "--subnet", network.subnet,
            *(["--internal"] if network.internal else []),
            *(word for item in options.items() for word in ("--opt", "=".join(item))),
            network.name,
        )  # fmt: skip
    for container in left.containers:
        first, *others = container.networks
        docker(
            "create", "--name", container.name, "--cap-drop", "ALL",
            "--network", first.network, "--ip", first.address,
            *(f"--network-alias={alias}" for alias in first.aliases),
            *(
                f"--publish={port.ip}:{port.external}:{port.internal}/{port.protocol}"
                for port in container.ports
            ),
            *(f"--add-host={name}:{address}" for name, address in container.hosts),
            image, *(container.command or ()),
        )  # fmt: skip
        for other in others:
            aliases = [f"--alias={alias}" for alias in other.aliases]
            place = ("--ip", other.address, other.network, container.name)
            docker("network", "connect", *aliases, *place)
        docker("start", container.name)
    run(*firewall.LOAD.split(), input=firewall.rulesets(plan)[left.name])
    yield
    docker("rm", "--force", *(container.name for container in left.containers))
    docker("network", "rm", *(network.name for network in left.networks))
    undo = "*filter\n-F INPUT\n-F DOCKER-USER\n-A DOCKER-USER -j RETURN\n"
    undo += "-F ISOLAB-LEAVE\n-F ISOLAB-ARRIVE\n-X ISOLAB-LEAVE\n-X ISOLAB-ARRIVE\nCOMMIT\n"
    run(*firewall.LOAD.split(), input=undo)


def check(said: str, allowed: list[str], refused: list[str]) -> None:
    assert json.loads(said) == dict.fromkeys(allowed, True) | dict.fromkeys(refused, False)


def from_container(name: str, allowed: list[str], refused: list[str]) -> None:
    check(docker("exec", name, "python3", "-c", DIAL, *allowed, *refused), allowed, refused)


def from_beside(allowed: list[str], refused: list[str]) -> None:
    words = ("ip", "netns", "exec", BESIDE, sys.executable, "-c", DIAL)
    check(run(*words, *allowed, *refused), allowed, refused)


def test_a_caller_reaches_its_link_and_no_guest_itself(
    plan: Plan, left: Guest, right: Guest
) -> None:
    there = [f"{right.address}:8081", f"{plan.network.gateway}:5000"]
    from_container(
        "web-1",
        ["neighbour:7001", "cache:7002", "store:7003", *there],
        # That right-1 refuses it too is seen from the other side, below.
        [f"{left.address}:22"],
    )


def test_a_neighbour_on_the_callers_way_out_has_not_its_links(
    plan: Plan, left: Guest, right: Guest
) -> None:
    from_container(
        "neighbour-1",
        ["web:7000", f"{right.address}:8081", f"{plan.network.gateway}:5000"],
        [f"{right.address}:7003", f"{left.address}:7002", f"{left.address}:22"],
    )


def test_an_internal_network_leads_to_links_alone(plan: Plan, left: Guest, right: Guest) -> None:
    host = plan.network.gateway
    ways_out = [f"{right.address}:8081", f"{host}:5000", f"{host}:53", f"{left.address}:8080"]
    bridges = [f"{network.subnet.rpartition('.')[0]}.1:22" for network in left.networks]
    from_container(
        "cache-1",
        ["web:7000", "store:7003"],
        [*ways_out, f"{left.address}:22", f"{right.address}:22", *bridges],
    )


def test_what_arrives_is_published_or_comes_from_a_callers_guest(
    plan: Plan, left: Guest, right: Guest
) -> None:
    host, guest = f"{plan.network.gateway}>{left.address}", f"{right.address}>{left.address}"
    from_beside(
        [f"{host}:8080", f"{guest}:8080", f"{guest}:7002", f"{host}:22"],
        [f"{host}:7002", f"{guest}:22"],
    )


def test_the_rest_of_the_lab_network_has_no_way_to_a_containers_own_address(
    left: Guest, right: Guest
) -> None:
    cache = next(c for c in left.containers if c.name == "cache-1").networks[0].address
    run("ip", "-n", BESIDE, "route", "add", f"{cache}/32", "via", left.address)
    from_beside([], [f"{right.address}>{cache}:7002"])
