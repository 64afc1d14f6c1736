"""The running lab as lessons see it: places to run commands at, and the plan's values."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from isolab.cli.context import deployed
from isolab.lessons.check import LessonEnvironment
from isolab.lessons.variables import of_plan
from isolab.plan.model import Plan
from isolab.transport import Transport
from machine import paths
from machine.host.transport import ContainerTransport, HostTransport, shared_connection


@contextmanager
def lesson_environment(plan: Plan) -> Iterator[LessonEnvironment]:
    """All places of a lab. One ssh connection a guest carries all that is asked there."""
    with TemporaryDirectory(prefix="isolab-ssh-") as sockets:
        guests = {
            guest.name: shared_connection(deployed.into_guest(plan, guest), sockets)
            for guest in plan.guests
        }
        containers = {
            container.name: ContainerTransport(name=container.name, guest=guests[container.guest])
            for container in plan.containers
        }
        first = {
            container.service: containers[container.name]
            for container in sorted(plan.containers, key=lambda c: -c.replica)
        }
        places: dict[str, Transport] = {"host": HostTransport(), **guests, **containers, **first}
        if plan.guests:
            places["guest"] = guests[plan.guests[0].name]
        try:
            yield LessonEnvironment(places=places, variables=of_plan(plan) | _tools())
        finally:
            for guest in guests.values():
                guest.close()


def _tools() -> dict[str, str]:
    """This program itself, for steps that ask it."""
    return {"lab": str(paths.REPO / "lab"), "repo": str(paths.REPO)}
