"""One guest in somebody else's program: a lab of one guest, from inputs instead of a lab file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

import pulumi

from components.lab import Lab, Prefixes
from isolab.labfile.tree import Written
from isolab.model import Problem
from isolab.plan import secrets
from isolab.plan.serialize import dumps
from machine import keys
from package import planned, values
from package.planned import Wanted

TYPE = "isolab:index:Guest"


class GuestArgs(TypedDict, total=False):
    """What a guest is made from."""

    memory: str
    """What its operating system sees, such as `2GiB`; the default is 1GiB."""
    vcpus: float
    """Its processors; the default is 1."""
    disk: str
    """Size of its root disk, which may be recreated; the default is 8GiB."""
    data: str
    """Size of its data disk, which holds Docker's volumes and is retained when the root disk is recreated; without it there is none."""  # noqa: E501
    image: str
    """Path of a cloud image of your own, a qcow2 file; the default is the image that isolab makes."""  # noqa: E501
    cpu: str
    """`host-passthrough`, `host-model` or the name of a processor's model; the default is the fastest."""  # noqa: E501
    cloud_init: Any
    """Users, packages and files of its first boot, as a lab file's `cloud_init`; any change recreates the root disk."""  # noqa: E501
    services: Any
    """Services in its Docker, each a map of Compose's keys by its name: `{web: {image: ..., ports: [...]}}`."""  # noqa: E501
    networks: Any
    """Networks of the services, as in a compose file."""
    volumes: Any
    """Volumes of the services, as in a compose file."""
    secrets: Any
    """Secrets of the services, as in a lab file: `{password: {external: true}}` is derived from the seed."""  # noqa: E501
    configs: Any
    """Configs of the services, as in a compose file."""
    security: str
    """`hardened` gives services no capabilities and no new privileges unless they say so; the default is `compose`."""  # noqa: E501
    libvirt: str
    """URI of the libvirt that runs it, on the machine that runs `pulumi`; the default is `qemu:///system`."""
    virtualization: str
    """`kvm`, `tcg` or `auto`, the default."""
    autostart: bool
    """Whether it starts with its host."""
    outside: str
    """What it reaches: `internet` (no private addresses, the default), `open`, `lan` or `none`."""
    host_ports: list[str]
    """Ports of its host that it reaches, such as `3142/tcp`."""
    cidr: str
    """The subnet of the guest and its host. The default is derived from the guest's name on this machine."""  # noqa: E501
    stack: str
    """What its domain, network and storage are called on this machine. The default is the Pulumi stack's name and the component's."""  # noqa: E501
    seed: pulumi.Input[str]
    """What its keys and passwords are derived from; secret. The default is the stack's configuration `isolab:seed`."""  # noqa: E501


class Guest(pulumi.ComponentResource):
    """A virtual machine with Docker on the libvirt of this machine, and services in its Docker."""

    address: pulumi.Output[str]
    """Its address on the network of guest and host."""
    ssh_command: pulumi.Output[str]
    """The command that opens a shell on it."""
    docker_host: pulumi.Output[str]
    """`host` of a Docker provider for its Docker; with `sshOptions`."""
    ssh_options: pulumi.Output[list[str]]
    """`sshOpts` of such a provider: its key, and its host key as the only one accepted."""
    private_key: pulumi.Output[str]
    """The key that opens it, in OpenSSH's form; secret."""
    host_key: pulumi.Output[str]
    """Its own public key, by which ssh knows it."""
    registry: pulumi.Output[str]
    """host:port of the registry with isolab's images, as its Docker reaches it."""
    host_registry: pulumi.Output[str]
    """host:port of the same registry, as the Docker of this machine reaches it."""
    domain: pulumi.Output[str]
    """The id of its domain in libvirt."""
    endpoints: pulumi.Output[dict[str, str]]
    """The address of each service that is published, by the service's name."""
    plan: pulumi.Output[str]
    """All that was decided, as JSON without secrets, as `isolab draw` reads it."""

    def __init__(
        self, name: str, args: GuestArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        wanted = _wanted(name, args)
        deployment = planned.plan_lab(wanted, lambda problems: _told(name, problems))
        plan = deployment.plan
        parts = planned.parts_of(deployment, wanted.seed, TYPE, name)
        super().__init__(TYPE, name, None, opts)
        lab = Lab(
            name,
            **parts,
            # A guest's name in the plan begins with the component's, that of a container does not.
            names=Prefixes(containers=f"{name}-"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        ready, files = planned.ready(lab), keys.files(plan.stack)
        (guest,) = plan.guests
        client = secrets.ssh_key(wanted.seed, secrets.CLIENT_KEY)
        self.address = ready(guest.address)
        self.ssh_command = ready(files.ssh_command(guest.address))
        self.docker_host = ready(f"ssh://root@{guest.address}")
        self.ssh_options = ready(list(files.ssh_options))
        self.private_key = pulumi.Output.secret(ready(client.private_openssh))
        self.host_key = ready(secrets.ssh_key(wanted.seed, secrets.host_key(guest.name)).public)
        self.registry = ready(plan.registry.endpoint)
        self.host_registry = ready(f"127.0.0.1:{plan.registry.loopback_port}")
        self.domain = lab.guests[guest.name].domain.id
        self.endpoints = ready({e.service: e.url for e in plan.endpoints})
        self.plan = ready(dumps(plan, keys.fingerprint_key(plan.stack)))


def places(name: str) -> Mapping[str, tuple[str, ...]]:
    """Where each input stands in a lab file, by its name in the schema."""
    own = {
        key: ("guests", name, key) for key in ("memory", "vcpus", "disk", "data", "image", "cpu")
    }
    top = ("services", "networks", "volumes", "secrets", "configs", "security")
    return {
        **own,
        "cloudInit": ("guests", name, "cloud_init"),
        **{key: (key,) for key in top},
        **{key: ("host", key) for key in ("libvirt", "virtualization", "autostart")},
        "outside": ("network", "outside"),
        "hostPorts": ("network", "host_ports"),
    }


def _wanted(name: str, args: GuestArgs) -> Wanted:
    stack = planned.stack_name(args.get("stack"), f"{pulumi.get_stack()}-{name}")
    return Wanted(
        source="image",
        file=Path(f"{name}.yaml"),
        written=Written(
            text=f"guests: {{{name}: {{}}}}\nservices: {{}}",
            overrides=values.tree(args, places(name)),
        ),
        variables={},
        stack=stack,
        cidr=planned.cidr(args.get("cidr")) or planned.subnet(stack),
        seed=planned.seed(args.get("seed")),
    )


def _told(name: str, problems: tuple[Problem, ...]) -> pulumi.InputPropertiesError:
    return values.told(problems, places(name))
