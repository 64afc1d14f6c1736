"""The plan that a stack was deployed from, and ways into its layers."""

from collections.abc import Sequence
from typing import TypeVar

from isolab.cli.errors import BAD_INPUT, FAILED, UNABLE, Failure
from isolab.diff.disks import StandingDisk
from isolab.plan.model import HOST, Container, Guest, Plan
from machine import keys
from machine.deployment import config, disks
from machine.deployment.control import StackControl
from machine.host.transport import ContainerTransport, GuestTransport, HostTransport
from machine.steps import Unable

T = TypeVar("T")


def find(stack: str) -> Plan | None:
    """The deployed plan; None where the stack is down, with or without retained data.

    Raises:
        Failure: The lab stands, and its plan is one that this version cannot read.
    """
    control = StackControl(stack)
    known = control.state()
    if known is None or not known.deployed:
        return None
    plan = control.plan(known)
    if plan is None:
        raise Failure(
            UNABLE,
            f"stack {stack} is up, but another version of isolab made it: "
            "this one cannot read its plan",
            "./lab up updates it to this version, ./lab down removes it",
        )
    return plan


def others_up(but: str) -> tuple[str, ...]:
    """The other stacks of this folder that are up, also those whose plan nobody here can read."""
    return tuple(stack for stack in config.stacks() if stack != but and _is_up(stack))


def _is_up(stack: str) -> bool:
    try:
        known = StackControl(stack).state()
    except Unable:
        return True
    return known is not None and bool(known.deployed)


def standing(control: StackControl) -> tuple[Plan | None, tuple[StandingDisk, ...]]:
    """What a stack has to lose: the plan of a lab that stands, and all disks with data.

    The plan is None where no lab stands, and where this version cannot read it.
    """
    known = control.state()
    last = control.plan(known)
    return (last if known and known.deployed else None), disks.standing(known, last)


def required(stack: str) -> Plan:
    """The deployed plan; without one the command ends."""
    plan = find(stack)
    if plan is None:
        raise Failure(FAILED, f"stack {stack} is not up", "./lab up brings it up")
    return plan


def guest(plan: Plan, name: str) -> Guest:
    """The guest of that name."""
    return _named(name, {g.name: g for g in plan.guests}, "guest")


def replicas(plan: Plan, service: str) -> tuple[Container, ...]:
    """The containers of a service or a balancer; a container's own name means that one."""
    everything = containers(plan)
    found = tuple(c for c in everything if service in (c.service, c.name))
    if not found:
        _named(service, {c.service: c for c in everything}, "service or balancer")
    return found


def containers(plan: Plan) -> tuple[Container, ...]:
    """All there are: of services, on guests and on the host, and of balancers."""
    balancers = (balancer.container for balancer in plan.balancers)
    return (*plan.containers, *plan.host_containers, *balancers)


def replica(plan: Plan, service: str, number: int | None) -> Container:
    """One container of a service: the one with that number, else the first."""
    found = replicas(plan, service)
    if number is None:
        return found[0]
    for container in found:
        if container.replica == number:
            return container
    raise Failure(
        BAD_INPUT,
        f"service {service} has no replica {number}",
        f"its replicas: {', '.join(str(container.replica) for container in found)}",
    )


def into_guest(plan: Plan, guest: Guest) -> GuestTransport:
    """The way into a guest."""
    return GuestTransport(name=guest.name, address=guest.address, keys=keys.files(plan.stack))


def into_container(plan: Plan, container: Container) -> ContainerTransport:
    """The way into a container."""
    return ContainerTransport(name=container.name, guest=below(plan, container))


def below(plan: Plan, container: Container) -> GuestTransport | HostTransport:
    """The way to what a container runs on."""
    if container.guest == HOST:
        return HostTransport()
    return into_guest(plan, guest(plan, container.guest))


def _named(name: str, known: dict[str, T], kind: str) -> T:
    if name not in known:
        raise Failure(
            BAD_INPUT, f"the lab has no {kind} {name!r}", f"it has: {_listed(tuple(known))}"
        )
    return known[name]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)) or "none"
