"""The guest's layer: one virtual machine with its disks, ready when its Docker answers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pulumi
import pulumi_docker as docker
import pulumi_libvirt as libvirt
from pulumi_command import remote

from components.balancer import Balancer, BalancerArgs, BalancerPlace, RolloutArgs, rollout_step
from components.host import Host
from components.service import Service, ServiceArgs, ServicePlace, Started
from isolab.plan import readback, secrets
from isolab.plan.guest import boot, cloudinit, domain_disks, guestfiles, processor
from isolab.plan.model import Container, GuestImage, Plan
from isolab.plan.model import Guest as PlannedGuest
from isolab.plan.network import networks
from isolab.plan.rollout import Chain
from machine.keys import KeyFiles

MIB = 2**20
STYLESHEET = Path(__file__).with_name("guest.xsl")
READY = Path(__file__).with_name("ready.sh")
DIALS = 100
"""How often the engine knocks at a booting guest's ssh: five minutes at three seconds each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestArgs:
    """What one guest is made from."""

    plan: Plan
    image: GuestImage
    guest: PlannedGuest
    host: Host
    seed: str
    keys: KeyFiles
    balancers: dict[str, Balancer]
    """All so far; the guest adds its own."""
    chain: Chain[pulumi.Resource]
    started: dict[str, Started]
    """All containers so far, by name; the guest adds its own."""
    ports_read: Mapping[str, readback.Ports]
    """Of containers that stand, by name."""
    keeps_xml: bool
    """Its domain stands and has disks of the form before this one, which stays."""
    ruleset: str
    """Its packet filter."""
    folder: Path
    """The lab file's."""


class Guest(pulumi.ComponentResource):
    """Disks, cloud-init seed, domain, readiness, and the services in its Docker."""

    def __init__(
        self, name: str, args: GuestArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("isolab:index:Guest", name, None, opts)
        plan, guest, host = args.plan, args.guest, args.host
        image, cpu = plan.image_of(guest) or args.image, processor.of(guest, plan)
        client = secrets.ssh_key(args.seed, secrets.CLIENT_KEY)
        identity = secrets.ssh_key(args.seed, secrets.host_key(guest.name))
        child = pulumi.ResourceOptions(
            parent=self, provider=host.libvirt, depends_on=args.chain.before_guest(guest)
        )

        disks = domain_disks.of(guest, plan)
        root = libvirt.Volume(
            f"{name}-root",
            name=cloudinit.root_disk(guest),
            pool=host.pool.name,
            base_volume_id=host.bases[guest.image].id,
            size=guest.disk * MIB,
            # Also where it is a person who wants it recreated (./lab reset): its name is taken.
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(delete_before_replace=True)
            ),
        )
        data = guest.data is not None and libvirt.Volume(
            f"{name}-data",
            name=f"{guest.name}-data",
            pool=host.pool.name,
            format="qcow2",
            size=guest.data * MIB,
            opts=child,
        )
        seed = libvirt.CloudInitDisk(
            f"{name}-seed",
            name=f"{guest.name}-seed.iso",
            pool=host.pool.name,
            user_data=pulumi.Output.secret(
                cloudinit.user_data(
                    guest, plan, client.public, identity.private_openssh, identity.public
                )
            ),
            meta_data=cloudinit.meta_data(guest, plan),
            network_config=cloudinit.network_config(guest, plan),
            opts=child,
        )
        domain = libvirt.Domain(
            f"{name}-domain",
            name=guest.domain,
            type="kvm" if plan.kvm else "qemu",
            machine="q35",
            memory=guest.memory,
            vcpu=guest.vcpus,
            cpu={"mode": cpu.mode} if cpu.mode else None,
            xml={"xslt": stylesheet(cpu, domain_disks.elements(disks, plan.pool.path))},
            kernel=host.kernel.id if host.kernel and image.kernel else None,
            initrd=host.initrd.id if host.initrd and image.initrd else None,
            cmdlines=kernel_command_line(image.arguments),
            disks=[
                libvirt.DomainDiskArgs(volume_id=volume)
                for volume in (
                    root.id,
                    *([data.id] if data else []),
                    seed.id.apply(volume_of_seed),
                )
            ],
            network_interfaces=[
                {
                    "network_id": host.network.id,
                    "mac": guest.mac,
                    "addresses": [guest.address],
                    "hostname": guest.name,
                }
            ],
            consoles=[{"type": "pty", "target_port": "0", "target_type": "serial"}],
            autostart=False,
            # The addresses are read back only once the guest has them: a change that is none. With
            # it a network that was replaced goes unseen, so that is said in another way.
            # A stylesheet that changes replaces the domain, so a domain may keep an older one.
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    ignore_changes=["networkInterfaces", *(["xml"] if args.keeps_xml else [])],
                    replace_with=[host.network],
                ),
            ),
        )
        connection = remote.ConnectionArgs(
            host=guest.address,
            user="root",
            private_key=pulumi.Output.secret(client.private_openssh),
            host_key=identity.public,
            dial_error_limit=DIALS,
            per_dial_timeout=10,
        )
        ready = remote.Command(
            f"{name}-ready",
            connection=connection,
            create=READY.read_text(),
            triggers=[domain.id],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[domain]),
        )
        for script in filter(None, [cloudinit.install(guest, plan)]):
            remote.Command(
                f"{name}-packages",
                connection=connection,
                create=script,
                # A new root disk has the old one's id, so its id triggers nothing.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[ready], replace_with=[root]),
            )
        filtered = remote.Command(
            f"{name}-firewall",
            connection=connection,
            create=guestfiles.WRITE,
            stdin=boot.script(args.ruleset, guest),
            # As with containers' files: a new root disk has the old one's id.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[ready], replace_with=[root]),
        )
        dockerd = docker.Provider(
            f"{name}-docker",
            host=f"ssh://root@{guest.address}",
            ssh_opts=list(args.keys.ssh_options),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[ready]),
        )
        # What Docker holds stands and falls with the disk that Docker keeps it on.
        inside = pulumi.ResourceOptions(
            parent=self, provider=dockerd, deleted_with=root, replace_with=[root]
        )
        made_networks = [
            docker.Network(
                f"{name}-{network.name}",
                name=network.name,
                driver="bridge",
                internal=network.internal,
                ipam_configs=[{"subnet": network.subnet}] if network.subnet else None,
                options=networks.options(network) or None,
                opts=inside,
            )
            for network in guest.networks
        ]
        # Volumes live on the data disk, which outlives the root disk, and their data outlives
        # their resource: a volume that leaves the lab file is let go of, not wiped.
        kept = pulumi.ResourceOptions(
            parent=self,
            provider=dockerd,
            deleted_with=data or root,
            retain_on_delete=True,
            # Another data disk is an empty one. Were they tied to the disk itself, the engine would
            # remove their containers right before it cuts the guest's power, which undoes that.
            replace_with=None if data else [root],
            replacement_trigger=str(guest.data),
            delete_before_replace=True,
        )
        volumes = [
            docker.Volume(f"{name}-{volume}", name=volume, opts=kept) for volume in guest.volumes
        ]
        own = BalancerPlace(
            dockerd=dockerd,
            pulls_from=plan.registry.endpoint,
            ready=(ready,),
            connection=connection,
            root=root,
        )
        for balancer in plan.balancers:
            if balancer.container.guest == guest.name:
                args.balancers[balancer.name] = Balancer(
                    balancer.name,
                    BalancerArgs(balancer=balancer, place=own),
                    pulumi.ResourceOptions(parent=self),
                )
        replicas = Counter(container.service for container in plan.containers)

        def step_of(
            planned: Container, container: docker.Container, parent: pulumi.Resource
        ) -> tuple[pulumi.Resource, ...]:
            return rollout_step(
                RolloutArgs(
                    planned=planned,
                    container=container,
                    balancers=tuple(args.balancers.values()),
                    connection=connection,
                    domain=domain,
                    has_fellows=replicas[planned.service] > 1,
                    network=host.network,
                ),
                parent,
            )

        place = ServicePlace(
            connection=connection,
            dockerd=dockerd,
            root=root,
            ready=ready,
            filtered=filtered,
            networks={n.name: made for n, made in zip(guest.networks, made_networks, strict=True)},
            volumes=dict(zip(guest.volumes, volumes, strict=True)),
            pulls_from=plan.registry.endpoint,
            seed=args.seed,
            clustered=frozenset(name for c in plan.clusters for name in c.members),
            folder=args.folder,
            rollout_step=step_of,
            chain=args.chain,
            ports_read=args.ports_read,
        )
        for service, containers in containers_by_service(guest.containers):
            component = Service(
                f"{name}-{service}",
                ServiceArgs(place=place, containers=containers, started=dict(args.started)),
                pulumi.ResourceOptions(parent=self),
            )
            args.started.update(component.started)
        self.register_outputs({"address": guest.address, "domain": domain.id})


def stylesheet(cpu: processor.Processor, disks: str) -> str:
    """What turns a provider's domain into isolab's: the same for each set of plugins."""
    return (
        STYLESHEET.read_text()
        .replace("@REPLACED@", cpu.replaced)
        .replace("@PROCESSOR@", cpu.elements)
        .replace("@DISKS@", disks)
    )


def kernel_command_line(arguments: Sequence[str]) -> list[dict[str, str]] | None:
    """The kernel's arguments in libvirt's form: one element of settings, one of bare flags.

    In one element together they are read back as two, and each later up would replace the domain.
    """
    if not arguments:
        return None
    settings = dict(word.split("=", 1) for word in arguments if "=" in word)
    flags = " ".join(word for word in arguments if "=" not in word)
    return [element for element in (settings, {"_": flags} if flags else None) if element]


def volume_of_seed(seed_id: str) -> str:
    """A cloud-init disk's id is PATH;UUID, and the path is its volume's id."""
    return seed_id.split(";")[0]


def containers_by_service(
    containers: Sequence[Container],
) -> Iterator[tuple[str, tuple[Container, ...]]]:
    """A guest's containers, grouped by service, in the plan's order of start."""
    for service, group in groupby(containers, key=lambda container: container.service):
        yield service, tuple(group)
