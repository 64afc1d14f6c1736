"""The values that a lesson's commands may name, from the plan of the lab they run on."""

import re
from collections.abc import Iterator, Mapping

from isolab.plan import images
from isolab.plan.model import Container, Guest, Plan

VARIABLE = re.compile(r"@([a-z0-9_.-]+)@")


class NoSuchVariable(Exception):
    """A command names something that this lab does not have."""


def fill(text: str, variables: Mapping[str, str]) -> str:
    """The text with its variables filled in, over as many rounds as they name one another.

    Raises:
        NoSuchVariable: One of them is not there.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in variables:
            raise NoSuchVariable(f"this lab has no {match[1]}")
        return fill(variables[match[1]], variables)

    return VARIABLE.sub(value, text)


def shown(text: str, variables: Mapping[str, str]) -> str:
    """The text for a reader: what this lab lacks is left for them to fill in, <app-3.domain>."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        return shown(variables[name], variables) if name in variables else f"<{name}>"

    return VARIABLE.sub(value, text)


def of_plan(plan: Plan) -> dict[str, str]:
    """Names to values: guest.address, web.container, db.port …; `guest` is the first guest."""
    values = {
        "stack": plan.stack,
        "libvirt": plan.libvirt,
        "host.address": plan.network.gateway,
        "network": plan.network.name,
        "registry": plan.registry.endpoint,
        "registry.loopback": f"127.0.0.1:{plan.registry.loopback_port}",
    }
    for name, guest in _guests(plan):
        values |= {f"{name}.{key}": value for key, value in _of_guest(guest)}
    for name, container in _services(plan):
        values |= {f"{name}.{key}": value for key, value in _of_container(plan, container)}
    for balancer in plan.balancers[:1]:
        values["balancer.url"] = f"http://{balancer.address}:{balancer.listen}/"
    return values


def _guests(plan: Plan) -> Iterator[tuple[str, Guest]]:
    yield from (("guest", guest) for guest in plan.guests[:1])
    yield from ((guest.name, guest) for guest in plan.guests)


def _services(plan: Plan) -> Iterator[tuple[str, Container]]:
    """Each service by its first container."""
    for container in sorted(plan.containers, key=lambda c: -c.replica):
        yield container.service, container


def _of_guest(guest: Guest) -> Iterator[tuple[str, str]]:
    yield "name", guest.name
    yield "domain", guest.domain
    yield "address", guest.address
    yield "memory", str(guest.memory)
    yield "vcpus", str(guest.vcpus)
    yield "disk", str(guest.disk)


def _of_container(plan: Plan, container: Container) -> Iterator[tuple[str, str]]:
    yield "container", container.name
    yield "guest", container.guest
    yield "address", next(g.address for g in plan.guests if g.name == container.guest)
    repository = images.repository(container)
    yield "repository", repository
    if container.digest:
        yield "digest", container.digest
        yield "reference", f"{plan.registry.endpoint}/{repository}@{container.digest}"
    limits = container.limits
    if limits.memory:
        yield "memory", str(limits.memory)
    if limits.cpus:
        yield "cpus", f"{limits.cpus:g}"
    if limits.pids:
        yield "pids", str(limits.pids)
    for port in container.ports[:1]:
        yield "port", str(port.internal)
        yield "published", str(port.external)
    for mount in container.mounts[:1]:
        yield "volume", mount.volume
