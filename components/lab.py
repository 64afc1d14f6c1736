"""The whole lab: the host and, on it, the guests."""

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefixes:
    """What the names of a lab's resources begin with, each as in the program."""

    guests: str = ""
    containers: str = ""
    """Of services, of their containers and of balancers."""


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
        names: Before the names of its resources, where the program has further labs.
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
        names: Prefixes = Prefixes(),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("isolab:index:Lab", name, None, opts)
        # Who makes the lab may give its own.
        over_ssh = self.get_provider("command:local:Command") or command.Provider(
            f"{name}-command", opts=pulumi.ResourceOptions(parent=self)
        )
        child = pulumi.ResourceOptions(parent=self, providers=[over_ssh])
        host = Host(f"{name}-host", HostArgs(plan=plan, image=image, registry=registry), child)
        balancers = _balancers_on_host(plan, host, names, child)
        chain = Chain[pulumi.Resource](standing.names)
        started: dict[str, Started] = {}
        filters = firewall.rulesets(plan)
        self.guests: dict[str, Guest] = {}
        """By their names in the plan."""
        for guest in _in_order(plan):
            self.guests[guest.name] = Guest(
                f"{names.guests}{guest.name}",
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
                    prefix=names.containers,
                ),
                child,
            )
        # Behind the guests: they may wait for services there.
        place = _host_as_place(plan, host, seed, chain, standing, folder, names.containers)
        for service, containers in containers_by_service(plan.host_containers):
            component = Service(
                f"{names.containers}{HOST}-{service}",
                ServiceArgs(place=place, containers=containers, started=dict(started)),
                child,
            )
            started.update(component.started)
        self.register_outputs({})


def _registry(plan: Plan) -> str:
    """host:port of the lab's registry, as the host's Docker reaches it."""
    return f"127.0.0.1:{plan.registry.loopback_port}"


def _balancers_on_host(
    plan: Plan, host: Host, names: Prefixes, child: pulumi.ResourceOptions
) -> dict[str, Balancer]:
    """By their names; those on guests come with the guests."""
    place = BalancerPlace(
        dockerd=host.dockerd,
        pulls_from=_registry(plan),
        ready=(host.network, host.registry_answers),
    )
    return {
        balancer.name: Balancer(
            f"{names.containers}{balancer.name}",
            BalancerArgs(balancer=balancer, place=place),
            child,
        )
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
    prefix: str,
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
        prefix=prefix,
    )
