"""From the inputs of a component to the plan of its lab, by the same rules as a lab file."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from components.lab import Lab
from isolab import labfile, rules
from isolab.labfile.names import STACK_NAME
from isolab.labfile.tree import Written
from isolab.model import Lab as Model
from isolab.model import Problem
from isolab.plan.model import Plan, Surroundings
from isolab.plan.network import addresses
from machine import stack
from machine.deployment.parts import Parts, parts
from machine.deployment.standing import Program
from machine.images import builds, service_images
from machine.steps import Unable
from package import values
from package.claims import claim

Complaint = pulumi.InputPropertyError | pulumi.InputPropertiesError


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a lab is made from: inputs that were checked as far as each tells by itself."""

    source: str
    """The input that problems of the machine are told at."""
    file: Path
    written: Written
    variables: Mapping[str, str]
    stack: str
    cidr: str | None
    seed: str


def seed(given: object) -> str:
    """The input, else the configuration.

    Raises:
        InputPropertyError: Neither is there.
    """
    found = values.secret_text(given, "seed") or pulumi.Config("isolab").get("seed")
    if not found:
        hint = "pulumi config set --secret isolab:seed $(openssl rand -hex 32)"
        raise pulumi.InputPropertyError("seed", f"the stack has no seed; {hint} makes one")
    return found


def stack_name(given: object, otherwise: str) -> str:
    """The lab's name on this machine.

    Raises:
        InputPropertyError: It cannot be one.
    """
    name = values.text(given, "stack") or otherwise
    if not re.fullmatch(STACK_NAME, name):
        expected = "small letters, digits and -, at most 32 of them"
        raise pulumi.InputPropertyError("stack", f"{name!r} given, expected {expected}")
    return name


def cidr(given: object) -> str | None:
    """The subnet, where one is given.

    Raises:
        InputPropertyError: A lab file could not have it.
    """
    found = values.text(given, "cidr")
    if not found:
        return None
    written = Written(text="services: {}", overrides={"network": {"cidr": found}})
    read = labfile.load(Path("cidr.yaml"), {}, written)
    problems = rules.check(read) if isinstance(read, Model) else read
    for problem in problems:
        if problem.path == "network.cidr":
            raise pulumi.InputPropertyError("cidr", problem.message)
    return None if found == "auto" else found


def subnet(stack: str) -> str:
    """The first one that a lab of this name may have."""
    return next(addresses.subnets(stack))


def plan_lab(wanted: Wanted, tell: Callable[[tuple[Problem, ...]], Complaint]) -> stack.Deployment:
    """The plan on this machine; what stands in its way, told at the input that it came from."""
    read = labfile.load(wanted.file, {**os.environ, **wanted.variables}, wanted.written)
    if not isinstance(read, Model):
        raise tell(read)
    try:
        builds.ensure(read, pulumi.log.info)
        folder = wanted.file.resolve().parent
        return stack.plan_lab(wanted.stack, read, wanted.cidr, folder)
    except stack.BrokenLabFile as error:
        raise tell(error.problems) from None
    except (stack.NotPrepared, builds.BuildFailed) as error:
        raise pulumi.InputPropertyError(wanted.source, str(error)) from None
    except Unable as error:
        raise pulumi.InputPropertyError(wanted.source, f"{error.message}: {error.hint}") from None


def plan_on_docker(wanted: Wanted, tell: Callable[[tuple[Problem, ...]], Complaint]) -> Plan:
    """The plan of what runs on a Docker that is no guest of its own."""
    read = labfile.load(wanted.file, os.environ, wanted.written)
    if not isinstance(read, Model):
        raise tell(read)
    around = Surroundings(stack=wanted.stack, digests=service_images.digests())
    found = stack.plan_on_host(read, around)
    if isinstance(found, tuple):
        raise tell(found)
    return found


def parts_of(deployment: stack.Deployment, seed: str, type_: str, name: str) -> Parts:
    """What the component of the lab is made from, in the consumer's program.

    Raises:
        InputPropertyError: Another component of the program has its name here, or its subnet.
    """
    component = f"{type_}::{name}"
    plan = deployment.plan
    claim(component, plan.stack, plan.network.cidr)
    program = Program(project=pulumi.get_project(), stack=pulumi.get_stack(), component=component)
    return parts(deployment, seed, program)


def ready(lab: Lab) -> Callable[[Any], pulumi.Output[Any]]:
    """What makes outputs: known in a preview, and used by nobody before the guests are ready."""
    urns = [guest.ready.urn for guest in lab.guests.values()]

    def output(value: Any) -> pulumi.Output[Any]:
        return pulumi.Output.all(*urns).apply(lambda _: value)

    return output
