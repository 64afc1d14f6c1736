"""One service on a Docker that is somewhere: on a guest of the program, or on any over ssh."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

import pulumi

from components import guest, service
from components.service import ServiceArgs as Parts
from components.service import ServicePlace
from isolab.labfile.tree import Written
from isolab.plan import images
from isolab.plan.model import Container
from isolab.plan.model import Guest as PlannedGuest
from isolab.plan.rollout import Chain
from package import planned, values, way
from package.planned import Wanted

TYPE = "isolab:index:Service"
DOCKERD = "docker"
"""The guest that the plan has in the place of the Docker."""
ANYWHERE = "0.0.0.0"


class ServiceArgs(TypedDict, total=False):
    """What a service is made from."""

    definition: Any
    """The service as in a compose file: `{image: ..., ports: [...], environment: {...}}`."""
    networks: Any
    """Networks that it names, as in a compose file; without any it has one of its own."""
    volumes: Any
    """Volumes that it names, as in a compose file; they are retained when the service goes."""
    secrets: Any
    """Secrets that it names, as in a lab file: `{password: {external: true}}` is derived from the seed."""  # noqa: E501
    configs: Any
    """Configs that it names, as in a compose file."""
    security: str
    """`hardened` gives it no capabilities and no new privileges unless it says so; the default is `compose`."""  # noqa: E501
    docker_host: pulumi.Input[str]
    """Where its Docker is, such as `ssh://root@10.0.0.5`: a guest's `dockerHost`, or any. Without it the Docker provider that the component is given."""  # noqa: E501
    ssh_options: pulumi.Input[list[str]]
    """Options of `ssh` on the way there: a guest's `sshOptions`."""
    private_key: pulumi.Input[str]
    """A key that opens the Docker's machine; secret, a guest's `privateKey`. Services with files (secrets, configs, copies) need it."""  # noqa: E501
    host_key: pulumi.Input[str]
    """The public key of the Docker's machine, a guest's `hostKey`; without it any is accepted for files."""  # noqa: E501
    registry: pulumi.Input[str]
    """host:port where that Docker finds isolab's images, a guest's `registry`; other images come from where they are named."""  # noqa: E501
    seed: pulumi.Input[str]
    """What its secrets are derived from; secret. The default is the stack's configuration `isolab:seed`."""  # noqa: E501


class Service(pulumi.ComponentResource):
    """A service: one image and a container for each replica, on one Docker."""

    containers: pulumi.Output[dict[str, str]]
    """The id of each container in Docker, by its name."""
    endpoints: pulumi.Output[list[str]]
    """The addresses of its published TCP ports."""

    def __init__(
        self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        wanted = _wanted(name, args)
        registry = values.text(args.get("registry"), "registry")
        plan = planned.plan_on_docker(wanted, lambda problems: values.told(problems, places(name)))
        there = _on_docker(plan.guests[0], registry)
        _check(there, args)
        super().__init__(TYPE, name, None, opts)
        host = args.get("docker_host")
        dockerd = way.dockerd(self, name, args)
        below = pulumi.ResourceOptions(parent=self, provider=dockerd)
        volumes = pulumi.ResourceOptions.merge(below, pulumi.ResourceOptions(retain_on_delete=True))
        place = ServicePlace(
            connection=way.connection(args),
            dockerd=dockerd,
            root=None,
            ready=dockerd,
            filtered=dockerd,
            networks=guest.make_networks(name, there, below),
            volumes=guest.make_volumes(name, there, volumes),
            pulls_from=registry,
            seed=wanted.seed,
            clustered=frozenset(),
            rollout_step=lambda planned, container, parent: (),
            chain=Chain[pulumi.Resource](frozenset()),
            ports_read={},
            folder=wanted.file.resolve().parent,
        )
        made = service.Service(
            name,
            Parts(place=place, containers=there.containers, started={}),
            pulumi.ResourceOptions(
                parent=self, providers=way.over_ssh(self, name, place.connection)
            ),
        )
        ids = {name: each.container.id for name, each in made.started.items()}
        self.containers = pulumi.Output.all(**ids)
        tcp = [p for c in there.containers for p in c.ports if p.protocol == "tcp"]
        address = pulumi.Output.from_input(host or "").apply(way.address)
        # By their URNs, which are known in a preview.
        there_is = (each.container.urn for each in made.started.values())
        self.endpoints = pulumi.Output.all(address, *there_is).apply(
            lambda known: [f"http://{known[0]}:{port.external}" for port in tcp]
        )


def places(name: str) -> Mapping[str, tuple[str, ...]]:
    """Where each input stands in a lab file, by its name in the schema."""
    top = ("networks", "volumes", "secrets", "configs", "security")
    return {"definition": ("services", name), **{key: (key,) for key in top}}


def _wanted(name: str, args: ServiceArgs) -> Wanted:
    given = values.tree(args, places(name))
    definition = given.get("services", {}).get(name)
    if not isinstance(definition, dict):
        raise pulumi.InputPropertyError("definition", "is missing, or no map of Compose's keys")
    if not definition.keys() & {"networks", "network_mode"}:
        # Docker may have a default network of another service.
        definition["networks"] = [name]
        given["networks"] = {**(given.get("networks") or {}), name: {}}
    return Wanted(
        source="definition",
        file=Path(f"{name}.yaml"),
        written=Written(
            text=f"guests: {{{DOCKERD}: {{memory: 1TiB, vcpus: 256, disk: 1TiB}}}}", overrides=given
        ),
        variables={},
        stack=planned.stack_name(None, pulumi.get_stack()),
        cidr=None,
        seed=planned.seed(args.get("seed")),
    )


def _on_docker(there: PlannedGuest, registry: str) -> PlannedGuest:
    """The plan's guest as a Docker of which nobody knows the address."""

    def on_docker(container: Container) -> Container:
        ports = tuple(replace(port, ip=ANYWHERE) for port in container.ports)
        return replace(container, ports=ports, digest=container.digest if registry else None)

    return replace(there, containers=tuple(map(on_docker, there.containers)))


def _check(there: PlannedGuest, args: ServiceArgs) -> None:
    """What a Docker alone cannot give a service."""
    for container in there.containers:
        if container.slice:
            reason = "is for services in a guest's own inputs: a Docker alone does not hold it"
            raise pulumi.InputPropertyError("definition.deploy.resources.limits.pids", reason)
        if (container.files or container.copies) and args.get("private_key") is None:
            reason = "is missing: files of the service are written over ssh"
            raise pulumi.InputPropertyError("privateKey", reason)
        if not (images.is_outside(container.image) or container.digest or container.build):
            reason = f"is missing: {container.image} comes from isolab's registry"
            raise pulumi.InputPropertyError("registry", reason)
        if container.build and not (container.digest and args.get("registry")):
            reason = "is for services in a guest's own inputs"
            raise pulumi.InputPropertyError("definition.build", reason)
