"""Runs the Docker client on this machine."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from machine.host import access, sockets
from machine.steps import Unable


class DockerFailed(Unable):
    """The Docker client said no; the text is what it said and to what."""


def docker(*words: str | Path, host: str | None = None) -> str:
    """What `docker WORDS…` prints, by the machine's daemon or the one at host."""
    command = ["docker", "--host", host or sockets.DOCKER, *map(str, words)]
    refusal = "" if host else access.refusal(command)
    if refusal:
        raise DockerFailed(f"docker {_short(words)} was not run: {refusal}")
    # The images need no BuildKit, and not every client brings it.
    environment = os.environ | {"DOCKER_BUILDKIT": "0", "DOCKER_CLI_HINTS": "false"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, start_new_session=True
    )
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise DockerFailed(f"docker {_short(words)} failed:\n{said}")
    return done.stdout.strip()


def image_id(name: str) -> str | None:
    """The id of an image that the machine's daemon has; None where it has none."""
    try:
        return docker("image", "inspect", "--format", "{{.Id}}", name)
    except DockerFailed:
        return None


def untag(name: str) -> None:
    """Take an image's name away, where the daemon has it; a container that runs keeps the image."""
    if image_id(name):
        docker("rmi", name)


def last_words(container: str) -> str:
    """How a container's log ends, or why it has none."""
    command = ["docker", "--host", sockets.DOCKER, "logs", "--tail", "8", container]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ).stdout.strip()


def _short(words: Sequence[str | Path]) -> str:
    return " ".join(map(str, words[:6]))
