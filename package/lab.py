"""A lab in somebody else's program: the same component, from inputs instead of a stack's files."""

from pathlib import Path
from typing import Any, TypedDict

import pulumi

from components import lab
from isolab.labfile.tree import Written
from isolab.model import Problem
from isolab.plan.serialize import dumps
from machine import keys, stack
from package import planned, values
from package.planned import Wanted


class LabArgs(TypedDict, total=False):
    """What a lab is made from."""

    file: str
    """Path of the lab file, from the folder that `pulumi` runs in; or the name of one of isolab's examples, such as `reference`."""  # noqa: E501
    content: str
    """The lab file's text, instead of `file`. Its relative paths start in the folder that `pulumi` runs in."""  # noqa: E501
    overrides: Any
    """A map that is laid over the lab file, as Compose lays one file over another: `{guests: {app: {count: 3}}}`."""  # noqa: E501
    variables: dict[str, str]
    """Variables that the lab file uses as `${NAME}`, before those of the environment."""
    stack: str
    """What the lab is called on this machine: in the names of its domains, containers and networks. The default is the Pulumi stack's name."""  # noqa: E501
    cidr: str
    """The lab's subnet, where the lab file leaves it open. The default is derived from the lab's name on this machine."""  # noqa: E501
    prefix: str
    """What the names of the lab's resources begin with in the program; every lab but one of a program needs its own, such as `test-`."""  # noqa: E501
    seed: pulumi.Input[str]
    """What keys and passwords are derived from; secret. The default is the stack's configuration `isolab:seed`."""  # noqa: E501


class Lab(lab.Lab):
    """A lab: a host, guests on it as virtual machines, and services in their Docker, from one lab file."""  # noqa: E501

    endpoints: pulumi.Output[dict[str, str]]
    """The address of each service that is published outside the lab, by the service's name."""
    addresses: pulumi.Output[dict[str, str]]
    """The address of each guest on the lab network, by the guest's name."""
    ssh_commands: pulumi.Output[dict[str, str]]
    """The command that opens a shell on a guest, by the guest's name."""
    docker_hosts: pulumi.Output[dict[str, str]]
    """`host` of a Docker provider for a guest's Docker, by the guest's name; with `sshOptions`."""
    ssh_options: pulumi.Output[list[str]]
    """`sshOpts` of such a provider: the stack's key and the guests' pinned host keys."""
    plan: pulumi.Output[str]
    """All that was decided, as JSON without secrets; what isolab's own program exports as `plan`."""  # noqa: E501

    def __init__(
        self, name: str, args: LabArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        wanted = _wanted(name, args)

        def tell(problems: tuple[Problem, ...]) -> pulumi.InputPropertyError:
            return pulumi.InputPropertyError(wanted.source, "\n".join(map(str, problems)))

        deployment = planned.plan_lab(wanted, tell)
        plan = deployment.plan
        prefix = values.text(args.get("prefix"), "prefix")
        super().__init__(
            name,
            **planned.parts_of(deployment, wanted.seed, "isolab:index:Lab", name),
            names=lab.Prefixes(guests=prefix, containers=prefix),
            opts=opts,
        )
        files = keys.files(plan.stack)
        guests = {guest.name: guest.address for guest in plan.guests}
        ready = planned.ready(self)
        self.endpoints = ready({e.service: e.url for e in plan.endpoints})
        self.addresses = ready(guests)
        self.ssh_commands = ready({g: files.ssh_command(a) for g, a in guests.items()})
        self.docker_hosts = ready({g: f"ssh://root@{a}" for g, a in guests.items()})
        self.ssh_options = ready(list(files.ssh_options))
        self.plan = ready(dumps(plan, keys.fingerprint_key(plan.stack)))


def _wanted(name: str, args: LabArgs) -> Wanted:
    file, content = (
        values.text(args.get("file"), "file"),
        values.text(args.get("content"), "content"),
    )
    if bool(file) == bool(content):
        raise pulumi.InputPropertyError("file", "give either file or content")
    overrides = values.plain(args.get("overrides"), "overrides")
    if overrides is not None and not isinstance(overrides, dict):
        raise pulumi.InputPropertyError("overrides", f"{overrides!r} given, expected a map")
    return Wanted(
        source="file" if file else "content",
        file=stack.lab_file(file) if file else Path(f"{name}.yaml"),
        written=Written(text=content or None, overrides=overrides),
        variables=values.texts(args.get("variables"), "variables"),
        stack=planned.stack_name(args.get("stack"), pulumi.get_stack()),
        cidr=planned.cidr(args.get("cidr")),
        seed=planned.seed(args.get("seed")),
    )
