"""Breaks a running lab the way a lesson's mutation says, and mends it again."""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import msgspec

from isolab.cli.context import deployed
from isolab.lessons.check import LessonEnvironment
from isolab.lessons.model import Lesson, Mutation, Step
from isolab.lessons.steps import take
from isolab.plan.model import Container, Plan

ASIDE = "-as-it-was"
"""Behind the name of a container that waits to be put back."""


@contextmanager
def broken(
    plan: Plan, lesson: Lesson, mutation: Mutation, lesson_environment: LessonEnvironment
) -> Iterator[tuple[Lesson, LessonEnvironment]]:
    """The lesson and the lesson_environment as they are with the mutation in force."""
    variables = {**lesson_environment.variables, **lesson.variables}
    mutated = msgspec.structs.replace(lesson, variables={**lesson.variables, **mutation.variables})
    places = dict(lesson_environment.places) | {
        place: lesson_environment.places[other] for place, other in mutation.places.items()
    }
    _all(mutation.before, lesson_environment, variables)
    try:
        with _recreated_container(plan, mutation):
            yield mutated, replace(lesson_environment, places=places)
    finally:
        _all(mutation.after, lesson_environment, variables)


def _all(
    steps: tuple[Step, ...], lesson_environment: LessonEnvironment, variables: dict[str, str]
) -> None:
    for step in steps:
        seen = take(step, lesson_environment.places, variables)
        assert seen.met, seen.words


@contextmanager
def _recreated_container(plan: Plan, mutation: Mutation) -> Iterator[None]:
    if not mutation.container:
        yield
        return
    container = deployed.replica(plan, mutation.container, None)
    with _docker_of(plan, container) as api:
        info = api.inspect_container(container.name)
        aside = container.name + ASIDE
        api.stop(container.name, timeout=10)
        api.rename(container.name, aside)
        try:
            _create(api, container.name, info, mutation)
            api.start(container.name)
            # Not asserted: some changes keep it unhealthy, and the control says what they do.
            _is_healthy(api, container.name, timeout=60)
            yield
        finally:
            api.remove_container(container.name, force=True)
            api.rename(aside, container.name)
            api.start(container.name)
            assert _is_healthy(api, container.name), (
                f"{container.name} does not become healthy again"
            )


def _create(api: Any, name: str, info: Any, mutation: Mutation) -> None:
    """A container like the one that was looked at, but for what the mutation changes."""
    networks = {
        network: {
            "Aliases": [a for a in settings["Aliases"] or () if a != info["Id"][:12]],
            # The guest's packet filter knows containers by their addresses.
            "IPAMConfig": settings["IPAMConfig"],
        }
        for network, settings in info["NetworkSettings"]["Networks"].items()
    } | {network: {} for network in mutation.networks}
    body = merged({**info["Config"], "HostConfig": info["HostConfig"]}, mutation.config)
    mode = body["HostConfig"]["NetworkMode"]
    if mode == "host" or mode.startswith("container:"):
        body |= {"Hostname": "", "ExposedPorts": None}
        body["HostConfig"] |= {"PortBindings": None}
        networks = {}
    elif mutation.networks:
        # The first network gives the default route, and its kind decides about published ports.
        mode = body["HostConfig"]["NetworkMode"] = mutation.networks[0]
    first = {mode: networks.pop(mode)} if mode in networks else {}
    body["NetworkingConfig"] = {"EndpointsConfig": first}
    answer = api._post_json(api._url("/containers/create"), data=body, params={"name": name})
    api._result(answer, True)
    for network, settings in networks.items():
        api.connect_container_to_network(
            name,
            network,
            aliases=settings.get("Aliases"),
            ipv4_address=(settings.get("IPAMConfig") or {}).get("IPv4Address"),
        )


def merged(target: Any, patch: Any) -> Any:
    """JSON Merge Patch, RFC 7396."""
    if not isinstance(patch, Mapping):
        return patch
    base = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            base.pop(key, None)
        else:
            base[key] = merged(base.get(key), value)
    return base


def _is_healthy(api: Any, name: str, timeout: float = 120) -> bool:
    """Whether it is, or becomes so in that many seconds."""
    deadline = time.monotonic() + timeout
    while api.inspect_container(name)["State"].get("Health", {}).get("Status") != "healthy":
        if time.monotonic() > deadline:
            return False
        time.sleep(1)
    return True


@contextmanager
def _docker_of(plan: Plan, container: Container) -> Iterator[Any]:
    """The API of the Docker that holds a container, through its guest's ssh."""
    guest = deployed.into_guest(plan, deployed.guest(plan, container.guest))
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "docker.sock"
        argv = guest.argv([])
        tunnel = [argv[0], "-N", "-L", f"{socket}:/var/run/docker.sock", *argv[1:-1]]
        process = subprocess.Popen(tunnel)
        try:
            deadline = time.monotonic() + 30
            while not socket.exists():
                assert time.monotonic() < deadline, "no way to the guest's Docker"
                time.sleep(0.1)
            client = docker.APIClient(base_url=f"unix://{socket}", timeout=120)
            yield client
            client.close()
        finally:
            process.terminate()
            process.wait()
