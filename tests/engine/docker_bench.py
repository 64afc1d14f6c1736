"""The docker program of the records, on the engine and this machine's dockerd."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import harness
import pytest
import registry
import requests
import sshd

PROGRAM = Path(__file__).with_name("docker_program.py").read_text()
PLACE = {"prefix": "fid", "subnet": "172.31.77.0/24"}
AS_READ = {"swap": 128, "adds": ["CAP_NET_BIND_SERVICE"]}
"""What the program says as it is read back, so that its second up proposes nothing."""
OTHER_PLACE = {"prefix": "fid-other", "subnet": "172.31.78.0/24"}
SOCKET = "unix:///var/run/docker.sock"


def answers() -> bool:
    """Whether there is what the program needs."""
    try:
        docker.from_env().ping()
    except (docker.errors.DockerException, requests.RequestException):
        return False
    tools = registry.PROGRAM and registry.BUSYBOX.exists() and sshd.PROGRAM
    return bool(tools and harness.engine())


needed = pytest.mark.skipif(
    not answers(), reason="needs dockerd, docker-registry, a static busybox, sshd and a Pulumi CLI"
)


def new_bench(
    folder: Path, images: registry.Registry, place: dict[str, Any], **provider: Any
) -> harness.Bench:
    """The program in a folder, not yet run."""
    made = harness.Bench(folder, PROGRAM, ["docker"])
    made.place({"registry": images.address, "provider": provider, **place})
    return made


def what_there_is() -> list[str]:
    """Everything of the program that the daemon knows."""
    client = docker.from_env()
    names = [each.name for each in client.containers.list(all=True)]
    names += [each.name for each in client.networks.list()]
    names += [each.name for each in client.volumes.list()]
    return sorted(name for name in names if name and name.startswith("fid-"))


def over_ssh(guest: sshd.Server) -> dict[str, Any]:
    """A provider that reaches the daemon through the ssh server."""
    options = ["-i", f"{guest.folder}/client", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
    options += ["-o", f"UserKnownHostsFile={guest.folder}/known_hosts"]
    options += ["-o", "StrictHostKeyChecking=yes"]
    return {"host": f"ssh://{guest.user}@127.0.0.1:{guest.port}", "ssh_opts": options}


@contextmanager
def up(
    folder: Path, images: registry.Registry, *, as_recorded: bool = False
) -> Iterator[harness.Bench]:
    """The program, up; at the end it has to leave nothing.

    As recorded it says some things in other words than they are read back in.
    """
    made = new_bench(folder, images, PLACE | ({} if as_recorded else AS_READ), host=SOCKET)
    try:
        made.up()
        yield made
    finally:
        made.scenario({})
        made.destroy()
    assert what_there_is() == []
