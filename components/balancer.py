"""The balancer's layer: one HAProxy in front of the replicas, on the host or on a guest."""

import shlex
from dataclasses import dataclass

import pulumi
import pulumi_command as command
import pulumi_docker as docker
from pulumi_command import remote

from components.service import container_inputs, image_reference
from isolab.plan import guestfiles
from isolab.plan.model import Balancer as PlannedBalancer

RELOAD = """
if [ "$(docker inspect --format '{{.State.Running}}' NAME 2>/dev/null)" = true ]; then
  docker exec NAME turn reload
fi
"""
"""Behind a new configuration: what runs takes it up without dropping a connection."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BalancerPlace:
    """The host or the guest that a balancer runs on."""

    dockerd: docker.Provider
    pulls_from: str
    """host:port of the lab's registry, as that Docker reaches it."""
    ready: tuple[pulumi.Resource, ...]
    """There before the balancer: what it listens on, and where its image comes from."""
    connection: remote.ConnectionArgs | None = None
    """The way into the guest; None on the host."""
    root: pulumi.CustomResource | None = None
    """The guest's root disk."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BalancerArgs:
    """What a balancer is made from."""

    balancer: PlannedBalancer
    place: BalancerPlace


class Balancer(pulumi.ComponentResource):
    """Its configuration as a file, its image, its container."""

    def __init__(
        self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("isolab:index:Balancer", name, None, opts)
        place, container = args.place, args.balancer.container
        root: list[pulumi.Resource] | None = [place.root] if place.root else None
        child = pulumi.ResourceOptions(
            parent=self, depends_on=place.ready, deleted_with=place.root, replace_with=root
        )
        inside = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(provider=place.dockerd))
        self.files = _files(f"{name}-files", args, child)
        image = docker.RemoteImage(
            f"{name}-image", name=image_reference(container, place.pulls_from), opts=inside
        )
        inputs = container_inputs(container, image)
        inputs |= {"network_mode": "host", "networks_advanced": None, "hostname": None}
        self.container = docker.Container(
            f"{name}-balancer",
            **inputs,
            opts=pulumi.ResourceOptions.merge(
                inside,
                pulumi.ResourceOptions(depends_on=[self.files], replace_on_changes=["healthcheck"]),
            ),
        )
        self.register_outputs({"container": container.name})


def _files(
    name: str, args: BalancerArgs, opts: pulumi.ResourceOptions
) -> command.local.Command | remote.Command:
    """Writes the configuration where the balancer runs, and has it taken up."""
    container, connection = args.balancer.container, args.place.connection
    script = guestfiles.archive(container, seed="") + RELOAD.replace("NAME", container.name)
    folders = sorted({file.path.rsplit("/", 1)[0] for file in container.files})
    if connection is None:
        removal = f"rm -rf {shlex.join(folders)}"
        return command.local.Command(
            name, create=guestfiles.WRITE, delete=removal, stdin=script, opts=opts
        )
    return remote.Command(
        name, connection=connection, create=guestfiles.WRITE, stdin=script, opts=opts
    )
