"""The registry's image on this machine, and a registry for the time of a push or pull."""

import os
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager

from isolab.plan import asking
from machine.host import answers, processes
from machine.host.docker_cli import DockerFailed, docker, image_id, last_words
from machine.images import service_catalog

OWNER = "isolab.process"
"""Label of a registry that is there for the time of a command: that command's process."""
IMAGE = service_catalog.REGISTRY.name
TIMEOUT = 60
"""Seconds a registry may take to answer."""
ONE_TRY = 10
"""Seconds for one answer, which takes a moment."""
LISTENING = re.compile(r'msg="listening on ([0-9.:]+)"')


def load_image() -> str:
    """Makes sure that the machine's Docker has the registry's image; its id."""
    row = service_catalog.read()[IMAGE]
    if image_id(row.id) is None:
        docker("load", "--quiet", "--input", service_catalog.registry_archive())
    return row.id


@contextmanager
def serving(image: str) -> Generator[str, None, None]:
    """A registry over the storage folder, writable, on loopback: its host:port.

    The kernel gives it a port when it listens: one that was looked up before may be taken by then.
    """
    _remove_orphans()
    container = _run(image, "host", "127.0.0.1:0", "--label", f"{OWNER}={_me()}", writable=True)
    try:
        yield _answering(container)
    finally:
        docker("rm", "--force", container)


@contextmanager
def serving_apart(image: str) -> Generator[tuple[str, str], None, None]:
    """A registry in a network namespace of its own: its host:port there, and a process there."""
    address = "127.0.0.1:5000"
    container = _run(image, "none", address, writable=False)
    try:
        process = docker("inspect", "--format", "{{.State.Pid}}", container)
        inside = ("nsenter", f"--net=/proc/{process}/ns/net")
        _wait(container, lambda: _ask(address, *inside))
        yield address, process
    finally:
        docker("rm", "--force", container)


def _me() -> str:
    return f"{os.getpid()}:{processes.start_of(os.getpid())}"


def _remove_orphans() -> None:
    """Writable registries of processes that were killed."""
    form = f'{{{{.ID}}}} {{{{.Label "{OWNER}"}}}}'
    listed = docker("ps", "--all", "--filter", f"label={OWNER}", "--format", form)
    for line in listed.splitlines():
        container, _, owner = line.partition(" ")
        pid, _, start = owner.partition(":")
        if pid.isdigit() and str(processes.start_of(int(pid))) != start:
            docker("rm", "--force", container)


def _run(image: str, network: str, address: str, *more: str, writable: bool) -> str:
    storage = service_catalog.storage()
    storage.mkdir(parents=True, exist_ok=True)
    # Also where root's rights are at work: without capabilities root is a user like any other.
    owner = storage.stat()
    return docker(
        "run", "--detach", "--network", network, "--read-only",
        "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true",
        "--user", f"{owner.st_uid}:{owner.st_gid}",
        "--env", f"REGISTRY_HTTP_ADDR={address}", "--env", "REGISTRY_LOG_LEVEL=info",
        "--volume", f"{storage}:/var/lib/registry{'' if writable else ':ro'}",
        *more,
        image,
    )  # fmt: skip


def push(name: str, address: str) -> str:
    """Puts an image of the machine's Docker into the registry; its digest there."""
    reference = f"{address}/{name}"
    docker("tag", name, reference)
    try:
        docker("push", "--quiet", reference)
        digests = docker("image", "inspect", "--format", '{{join .RepoDigests "\\n"}}', name)
    finally:
        docker("rmi", reference)
    repository = reference.rpartition(":")[0]
    for line in digests.splitlines():
        if line.startswith(f"{repository}@"):
            return line.partition("@")[2]
    raise DockerFailed(f"docker push {reference} printed no digest")


def pull(name: str, digest: str, address: str, tag: str, host: str | None = None) -> None:
    """Takes an image by its digest out of the registry and gives it another name."""
    reference = f"{address}/{name.rpartition(':')[0]}@{digest}"
    docker("pull", "--quiet", reference, host=host)
    docker("tag", reference, tag, host=host)
    docker("rmi", reference, host=host)


def _answering(container: str) -> str:
    """Where the registry of a container listens, once it answers."""
    address = ""

    def ask() -> str:
        nonlocal address
        if not address:
            listening = LISTENING.search(last_words(container))
            address = listening[1] if listening else ""
        return _ask(address) if address else "it has not printed its address yet"

    _wait(container, ask)
    return address


def _wait(container: str, ask: Callable[[], str]) -> None:
    def state() -> str:
        return docker("inspect", "--format", "{{.State.Status}}", container)

    if saw := answers.until(ask, TIMEOUT, over=lambda: state() != "running"):
        raise DockerFailed(
            f"the registry does not answer: {saw}; its container is {state()}\n"
            f"{last_words(container)}"
        )


def _ask(address: str, *inside: str) -> str:
    """What a registry says instead of an answer; to a process that `inside` starts elsewhere."""
    host, _, port = address.rpartition(":")
    return answers.of_command([*inside, *asking.once(host, int(port), "/v2/")], ONE_TRY)
