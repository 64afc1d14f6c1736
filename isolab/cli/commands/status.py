"""`./lab status`: the layers of a stack as they are."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict

from isolab.cli.context import deployed, live, since_up, stack
from isolab.cli.errors import DONE, FAILED, UNABLE
from isolab.cli.output import document
from machine.deployment import lock

NAME = "status"
HELP = "show layers, health, addresses and drift"

CODES = {"well": DONE, "degraded": FAILED, "down": FAILED, "unknown": UNABLE}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    stack.add_argument(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def run(arguments: argparse.Namespace) -> int:
    """Ask every layer; 0 where all are healthy, 1 where one is down, 3 where one is silent."""
    name = stack.name(arguments)
    plan = deployed.find(name)
    holder = "" if plan else lock.holder(name)
    others = deployed.others_up(name) if plan is None and not holder else ()
    if len(others) == 1 and not stack.is_named(arguments):
        (name,) = others
        plan = deployed.find(name)
    if plan is None:
        said = _not_up(name, holder, others)
        nothing = document.text(_nothing(name, said[0]))
        print(nothing if arguments.json else "\n".join(said))
        return FAILED
    now = live.status(plan)
    warnings = since_up.asked(plan, drift=bool(now.drift))
    content = asdict(now) | {"verdict": now.verdict, "warnings": warnings}
    if arguments.json:
        print(document.text(content))
    else:
        print("\n".join((text(now), *(f"warning: {line}" for line in warnings))))
    return CODES[now.verdict]


def _not_up(name: str, holder: str, others: Sequence[str]) -> tuple[str, ...]:
    """Why there is nothing to show, and what there is instead."""
    if holder:
        return (f"stack {name} is not up yet: {holder} is at work",)
    seen = (f"  stacks that are up: {', '.join(others)}",) if others else ()
    return (f"stack {name} is not up", *seen)


def _nothing(name: str, why: str) -> dict[str, object]:
    return {
        "stack": name,
        "host": {"address": None},
        "guests": [],
        "endpoints": [],
        "verdict": "down",
        "warnings": [],
        "drift": [why],
    }


def text(now: live.Status) -> str:
    """The layers as lines."""
    lines = [f"host  {now.host.address}  network {now.host.network}, registry {now.host.registry}"]
    lines += map(_container, now.host.containers)
    for balancer in now.balancers:
        getting = sum(backend.gets_requests for backend in balancer.backends)
        lines.append(
            f"  balancer {balancer.name:9} {balancer.address:21} {balancer.state}, "
            f"{getting} of {len(balancer.backends)} replicas get requests"
        )
    for guest in now.guests:
        lines.append(
            f"  guest {guest.name:12} {guest.address:15} {guest.state}, Docker {guest.docker}"
        )
        lines += map(_container, guest.containers)
    lines += [f"open  {endpoint.url}  ({endpoint.service})" for endpoint in now.endpoints]
    lines.append("" if now.drift else "\neverything is healthy")
    for service in now.services:
        if 0 < service.well < service.replicas:
            lines.append(
                f"degraded: {service.well} of {service.replicas} {service.name} are healthy"
            )
            lines += [f"  {line}" for line in service.wrong]
    lines += [f"! {line}" for line in now.drift]
    if now.verdict == "unknown":
        lines.append("  something did not answer: the state of what it runs is unknown")
    elif now.drift:
        lines.append("  ./lab up repairs it")
    return "\n".join(lines)


def _container(container: live.ContainerStatus) -> str:
    health = "" if container.health == "none" else f", {container.health}"
    return f"    service {container.service:12} {container.name:15} {container.state}{health}"
