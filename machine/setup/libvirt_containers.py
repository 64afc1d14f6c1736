#!/usr/bin/python3 -I
"""libvirt's hook for networks, installed by isolab: containers that Docker started too early.

When the machine boots, Docker may start a lab's registry and balancers before libvirt has made the
network whose address they are published on. Docker gives up on them; they are started here, once
the network is there. Delete this file to undo it.
"""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator

DOCKER = ("docker", "-H", "unix:///var/run/docker.sock")
NO_ADDRESS = "cannot assign requested address"
"""What the kernel says where no interface has the address."""
WAITED = 600
"""Seconds for Docker's answer: while it starts, it answers once it has tried all containers."""


def main(document: str) -> None:
    """See to it in a process of its own, because libvirt waits for this one."""
    if gateway := lab_gateway(document):
        subprocess.Popen(
            [sys.executable, "-I", __file__, gateway],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def lab_gateway(document: str) -> str:
    """The network's address on this machine; empty where it is none of a lab."""
    root = ET.fromstring(document)
    network = root if root.tag == "network" else root.find("network")
    domain, ip = (None, None) if network is None else (network.find("domain"), network.find("ip"))
    if domain is None or ip is None or not domain.get("name", "").endswith(".isolab"):
        return ""
    return ip.get("address", "")


def start(gateway: str) -> None:
    """Start the containers that failed for want of this address."""
    stopped = ask("ps", "--all", "--quiet", "--no-trunc", "--filter", "status=exited",
                  "--filter", "status=created").split()  # fmt: skip
    if stopped:
        told = ask("inspect", "--format", "{{.Id}} {{json .State.Error}}", *stopped)
        if failed := list(without_address(told, gateway)):
            ask("start", *failed)


def without_address(told: str, gateway: str) -> Iterator[str]:
    """Of containers, each on a line with its error, those that lacked the address."""
    for line in told.splitlines():
        container, _, error = line.partition(" ")
        words = str(json.loads(error))
        if f" {gateway}:" in words and NO_ADDRESS in words:
            yield container


def ask(*words: str) -> str:
    """What Docker printed; a container may be gone by now, which is no failure of the others."""
    done = subprocess.run(
        [*DOCKER, *words], capture_output=True, text=True, timeout=WAITED, check=False
    )
    return done.stdout


if __name__ == "__main__":
    if len(sys.argv) == 2:
        start(sys.argv[1])
    elif sys.argv[2] == "started":
        main(sys.stdin.read())
