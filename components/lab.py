"""The whole lab: the host and, on it, the guests."""

from collections.abc import Sequence
from pathlib import Path

import pulumi
import pulumi_command as command

from components.balancer import Balancer, BalancerArgs, BalancerPlace
from components.guest import Guest, GuestArgs, containers_by_service
from components.host import Host, HostArgs
from components.service import Service, ServiceArgs, ServicePlace, Started
from isolab.plan.guest import domain_disks
from isolab.plan.model import HOST, GuestImage, Plan
from isolab.plan.model import Guest as PlannedGuest
from isolab.plan.network import firewall
from isolab.plan.order import guest_order
from isolab.plan.rollout import Chain
from machine.deployment.standing import Standing
from machine.images.service_images import RegistryFiles
from machine.keys import KeyFiles


class Lab(pulumi.ComponentResource):
    """Host ⊃ guests ⊃ services, as one resource.

    Args:
        name: The stack's name.
        plan: What to build.
        image: What its guests boot from.
        seed: The stack's secret, from which keys and passwords are derived.
        keys: Where the stack's ssh key and its guests' pinned host keys lie on this machine.
        registry: The registry's image and the folder it serves.
        folder: The lab file's, where what guests get a copy of lies.
        standing: Its domains and containers that are there.
    """

    def __init__(
        self,
        name: str,
        *,
        plan: Plan,
        image: GuestImage,
        seed: str,
        keys: KeyFiles,
        registry: RegistryFiles,
        folder: Path,
        standing: Standing,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("isolab:index:Lab", name, None, opts)
        over_ssh = command.Provider(f"{name}-command", opts=pulumi.ResourceOptions(parent=self))
        child = pulumi.ResourceOptions(parent=self, providers=[over_ssh])
        host = Host(f"{name}-host", HostArgs(plan=plan, image=image, registry=registry), child)
        balancers = _balancers_on_host(plan, host, child)
        chain = Chain[pulumi.Resource](standing.names)
        started: dict[str, Started] = {}
        filters = firewall.rulesets(plan)
        self.guests_ready: list[pulumi.Resource] = []
        """What ends once a guest's Docker answers, of each guest."""
        for guest in _in_order(plan):
            made = Guest(
                guest.name,
                GuestArgs(
                    plan=plan,
                    image=image,
                    guest=guest,
                    host=host,
                    seed=seed,
                    keys=keys,
                    balancers=balancers,
                    chain=chain,
                    started=started,
                    ports_read=standing.ports,
                    keeps_xml=guest.domain in standing.keeps_xml,
                    keeps_cloud_init_disk=guest.domain in standing.cloud_init_disks,
                    seed_source=standing.sources.get(domain_disks.seed(guest), ""),
                    ruleset=filters[guest.name],
                    folder=folder,
                ),
                child,
            )
            self.guests_ready.append(made.ready)
        # Behind the guests: they may wait for services there.
        place = _host_as_place(plan, host, seed, chain, standing, folder)
        for service, containers in containers_by_service(plan.host_containers):
            component = Service(
                f"{HOST}-{service}",
                ServiceArgs(place=place, containers=containers, started=dict(started)),
                child,
            )
            started.update(component.started)
        self.register_outputs({})


def _registry(plan: Plan) -> str:
    """host:port of the lab's registry, as the host's Docker reaches it."""
    return f"127.0.0.1:{plan.registry.loopback_port}"


def _balancers_on_host(
    plan: Plan, host: Host, child: pulumi.ResourceOptions
) -> dict[str, Balancer]:
    """By their names; those on guests come with the guests."""
    place = BalancerPlace(
        dockerd=host.dockerd,
        pulls_from=_registry(plan),
        ready=(host.network, host.registry_answers),
    )
    return {
        balancer.name: Balancer(balancer.name, BalancerArgs(balancer=balancer, place=place), child)
        for balancer in plan.balancers
        if balancer.container.guest == HOST
    }


def _in_order(plan: Plan) -> Sequence[PlannedGuest]:
    """Balancers before the replicas that they wait for."""
    carriers = {balancer.container.guest for balancer in plan.balancers}
    return guest_order(sorted(plan.guests, key=lambda guest: guest.name not in carriers))


def _host_as_place(
    plan: Plan,
    host: Host,
    seed: str,
    chain: Chain[pulumi.Resource],
    standing: Standing,
    folder: Path,
) -> ServicePlace:
    """What services on the host itself see of it."""
    return ServicePlace(
        connection=None,
        dockerd=host.dockerd,
        root=None,
        ready=host.registry_answers,
        filtered=host.network,
        networks={},
        volumes={},
        pulls_from=_registry(plan),
        seed=seed,
        clustered=frozenset(),
        # One replica has no fellows to wait for.
        rollout_step=lambda planned, container, parent: (),
        chain=chain,
        ports_read=standing.ports,
        folder=folder,
    )
