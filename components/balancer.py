"""The balancer's layer: one HAProxy in front of the replicas, on the host or on a guest."""

from dataclasses import dataclass

import pulumi
import pulumi_command as command
import pulumi_docker as docker
from pulumi_command import remote

from components.service import UNCHANGEABLE, container_inputs, is_checked, run
from isolab.plan import images, roles, rollout
from isolab.plan.guest import guestfiles
from isolab.plan.model import Balancer as PlannedBalancer
from isolab.plan.model import Container

RELOAD = """
if [ "$(docker inspect --format '{{.State.Running}}' NAME 2>/dev/null)" = true ]; then
  docker exec NAME turn reload
fi
"""
"""Behind a new configuration: what runs takes it up without dropping a connection."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BalancerPlace:
    """The host or the guest that a balancer runs on."""

    dockerd: pulumi.ProviderResource
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
        self.planned, self.place = args.balancer, args.place
        place, container = args.place, args.balancer.container
        root: list[pulumi.Resource] | None = [place.root] if place.root else None
        child = pulumi.ResourceOptions(
            parent=self, depends_on=place.ready, deleted_with=place.root, replace_with=root
        )
        inside = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(provider=place.dockerd))
        self.files = _files(roles.FILES.of(name), args, child)
        image = docker.RemoteImage(
            roles.IMAGE.of(name),
            name=images.reference(container, place.pulls_from),
            # Another balancer may run it: Docker removes none in use. ./lab down removes it.
            keep_locally=True,
            opts=inside,
        )
        inputs = container_inputs(container, image)
        inputs |= {"network_mode": "host", "networks_advanced": None, "hostname": None}
        self.container = docker.Container(
            roles.BALANCER.of(name),
            **inputs,
            opts=pulumi.ResourceOptions.merge(
                inside,
                pulumi.ResourceOptions(depends_on=[self.files], replace_on_changes=UNCHANGEABLE),
            ),
        )
        self.register_outputs({"container": container.name})


@dataclass(frozen=True, kw_only=True, slots=True)
class RolloutArgs:
    """What a replica's step of a rolling update is made from."""

    planned: Container
    container: docker.Container
    balancers: tuple[Balancer, ...]
    connection: remote.ConnectionArgs
    """The way into the replica's guest."""
    domain: pulumi.CustomResource
    """Its guest's."""
    has_fellows: bool
    """Whether the service has further replicas."""
    network: pulumi.CustomResource
    """The lab's: where that goes everything does, and nobody need be taken out of anything."""
    prefix: str = ""
    """What the names of containers begin with in the program."""


def rollout_step(args: RolloutArgs, parent: pulumi.Resource) -> tuple[pulumi.Resource, ...]:
    """The replica's step of a rolling update: see isolab/plan/rollout.py."""
    planned, own = args.planned, f"{args.prefix}{args.planned.name}"
    opts = pulumi.ResourceOptions(
        parent=parent,
        depends_on=[args.container],
        deleted_with=args.network,
        # Behind the new step, the old one's end would take the replica out for good.
        delete_before_replace=True,
    )
    triggers = [args.container.id, args.domain.id]
    balancers = [b for b in args.balancers if rollout.servers(b.planned, planned.name)]
    if not balancers and args.has_fellows and is_checked(planned):
        create = rollout.wait_healthy(planned)
        return (
            run(
                roles.ROLLOUT.of(own),
                args.connection,
                opts,
                create=create,
                triggers=triggers,
            ),
        )
    return tuple(
        run(
            roles.ROLLOUT.of(own, balancer.planned.name),
            balancer.place.connection,
            pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(depends_on=[balancer.files, balancer.container])
            ),
            create=rollout.join(balancer.planned, planned.name),
            delete=rollout.drain(balancer.planned, planned),
            triggers=triggers,
        )
        for balancer in balancers
    )


def _files(
    name: str, args: BalancerArgs, opts: pulumi.ResourceOptions
) -> command.local.Command | remote.Command:
    """Writes the configuration where the balancer runs, and has it taken up."""
    container = args.balancer.container
    return run(
        name,
        args.place.connection,
        opts,
        create=guestfiles.WRITE,
        stdin=guestfiles.archive(container, seed="") + RELOAD.replace("NAME", container.name),
        # A guest's files go with its disk.
        delete=None if args.place.connection else guestfiles.removal(container),
    )
