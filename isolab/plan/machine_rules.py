"""Rules that need to know the machine: what it can hold, and what others there have taken."""

from collections.abc import Callable, Iterator, Sequence

from isolab.labfile.syntax.node import did_you_mean
from isolab.model import Lab, Problem
from isolab.plan.guest.processor import LIKE_THE_HOST, PASSED_THROUGH
from isolab.plan.model import HOST, Machine, Plan, RunningDomain
from isolab.plan.network import overlaps
from isolab.rules.problem import problem, setting, warning

Rule = Callable[[Lab, Plan, Machine], Iterator[Problem]]
NAMED = 3
"""Domains that a message names; the others are counted."""
SPACE = "free space there, or reduce guests.GROUP.disk or guests.GROUP.data"
EVERYWHERE = ("0.0.0.0", "*", "::", "")


def check(lab: Lab, plan: Plan, machine: Machine) -> Iterator[Problem]:
    """All that keeps this machine from running the lab, and what it does with difficulty."""
    for rule in RULES:
        yield from rule(lab, plan, machine)


def guests_fit_the_machine(lab: Lab, plan: Plan, machine: Machine) -> Iterator[Problem]:
    """Guests that together have more memory than there is are killed one after the other."""
    wanted = sum(guest.memory for guest in plan.guests)
    if wanted > machine.memory:
        yield problem(
            lab,
            ("guests",),
            f"the guests need {wanted} MiB of memory together, but this machine has "
            f"{machine.memory} MiB",
            "reduce guests.GROUP.memory or guests.GROUP.count",
        )


def guests_fit_beside_others(lab: Lab, plan: Plan, machine: Machine) -> Iterator[Problem]:
    """Domains of all labs, and others, share the memory: beyond it the kernel kills one of them."""
    wanted = sum(guest.memory for guest in plan.guests)
    own, others = _running(plan, machine)
    have = sum(domain.memory for domain in others)
    more = wanted - sum(domain.memory for domain in own)
    if wanted > machine.memory or more <= 0:
        return
    if wanted + have > machine.memory:
        yield problem(
            lab,
            ("guests",),
            f"the guests need {wanted} MiB of memory together, and {_named(others)} "
            f"{'uses' if len(others) == 1 else 'use'} {have} MiB, but this machine has "
            f"{machine.memory} MiB",
            "take another lab down with ./lab down, or reduce guests.GROUP.memory",
        )
    elif machine.available is not None and more > machine.available:
        yield warning(
            lab,
            ("guests",),
            f"the guests may use {more} MiB more of memory, but this machine has only "
            f"{machine.available} MiB available",
        )


def _running(
    plan: Plan, machine: Machine
) -> tuple[tuple[RunningDomain, ...], tuple[RunningDomain, ...]]:
    """Domains of the stack, also those that its plan has no more, and everybody else's."""
    pool = f"{plan.pool.path}/"
    own = tuple(d for d in machine.running if any(file.startswith(pool) for file in d.files))
    return own, tuple(domain for domain in machine.running if domain not in own)


def _named(domains: Sequence[RunningDomain]) -> str:
    names = [domain.name for domain in domains]
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
    return " and ".join(names)


def processors_suffice(lab: Lab, plan: Plan, machine: Machine) -> Iterator[Problem]:
    """Guests may share processors; they are slower when all are busy."""
    wanted = sum(guest.vcpus for guest in plan.guests)
    if wanted > machine.cpus:
        yield warning(
            lab,
            ("guests",),
            f"the guests have {wanted} vcpus together, but this machine has {machine.cpus} "
            "processors",
            "reduce guests.GROUP.vcpus, or accept that busy guests run more slowly",
        )


def disks_may_fill_up(lab: Lab, plan: Plan, machine: Machine) -> Iterator[Problem]:
    """Disks take what is written to them, not their size; full ones stop their guests."""
    wanted = sum(guest.disk + (guest.data or 0) for guest in plan.guests)
    growth = sum(domain.growth for domain in _running(plan, machine)[1])
    if wanted <= machine.free_disk < wanted + growth:
        yield warning(
            lab,
            ("guests",),
            f"the disks may grow to {wanted} MiB together, and those of other domains by "
            f"{growth} MiB, but {plan.pool.path} has {machine.free_disk} MiB left",
            SPACE,
        )
    if wanted > machine.free_disk:
        yield warning(
            lab,
            ("guests",),
            f"the disks may grow to {wanted} MiB together, but {plan.pool.path} has "
            f"{machine.free_disk} MiB left",
            SPACE,
        )


def the_subnet_is_free(lab: Lab, plan: Plan, machine: Machine) -> Iterator[Problem]:
    """Two networks with one subnet: the machine reaches one of them only."""
    for taken in overlaps.overlapping(plan.network.cidr, machine.networks):
        if lab.cidr is None and machine.has_subnet:
            yield warning(
                lab,
                ("network",),
                overlaps.words(plan.network.cidr, taken),
                overlaps.WHAT_TO_DO,
            )
        elif lab.cidr:
            yield problem(
                lab,
                ("network", "cidr"),
                f"{lab.cidr} overlaps {taken.cidr} ({taken.owner})",
                "choose another subnet, or auto, which finds a free one",
            )


def ports_are_free(lab: Lab, plan: Plan, machine: Machine) -> Iterator[Problem]:
    """What listens on the host cannot listen where something else does."""
    for path, address, port, what in _listeners(plan):
        for other, number in machine.listening:
            if number == port and (other == address or {other, address} & {*EVERYWHERE}):
                yield problem(
                    lab,
                    path,
                    f"{what} cannot listen on {address}:{port}: another process on this machine "
                    f"listens on {other or '*'}:{port}",
                    "stop that process, or choose another port in the lab file",
                )
                break


def _listeners(plan: Plan) -> Iterator[tuple[tuple[str, ...], str, int, str]]:
    """Everything of the lab that listens on the host."""
    registry = plan.registry
    yield (), registry.address, registry.port, "the lab's registry"
    yield (), "127.0.0.1", registry.loopback_port, "the lab's registry"
    for balancer in plan.balancers:
        if balancer.container.guest == HOST:
            path = ("balancers", balancer.name, "listen")
            yield path, balancer.address, balancer.listen, f"balancer {balancer.name}"
    for container in plan.host_containers:
        for port in container.ports:
            if port.protocol == "tcp":
                path = ("services", container.service, "ports")
                yield path, port.ip, port.external, container.name


def processors_exist(lab: Lab, plan: Plan, machine: Machine) -> Iterator[Problem]:
    """libvirt refuses a model that it does not know only once the old guest is gone."""
    for guest in plan.guests:
        path = setting(lab, guest.group, guest.name, "cpu")
        if guest.cpu == PASSED_THROUGH and not plan.kvm and lab.host.virtualization == "auto":
            yield warning(
                lab,
                path,
                f"{guest.name} is emulated, since KVM does not work here: {PASSED_THROUGH} "
                "is replaced by a processor that is fast to emulate",
            )
        elif guest.cpu in ("", PASSED_THROUGH, LIKE_THE_HOST) or not machine.cpu_models:
            continue
        elif guest.cpu not in machine.cpu_models:
            hint = did_you_mean(guest.cpu, machine.cpu_models)
            hint = hint or "virsh cpu-models x86_64 lists them"
            yield problem(lab, path, f"libvirt does not know the processor {guest.cpu!r}", hint)


RULES: tuple[Rule, ...] = (
    guests_fit_the_machine,
    guests_fit_beside_others,
    processors_suffice,
    disks_may_fill_up,
    the_subnet_is_free,
    ports_are_free,
    processors_exist,
)
