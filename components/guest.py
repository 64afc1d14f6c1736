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
from components.service import RolloutStep, Service, ServiceArgs, ServicePlace, Started
from isolab.plan import readback, roles, secrets
from isolab.plan.guest import boot, cloudinit, domain_disks, guestfiles, processor
from isolab.plan.model import Container, GuestImage, GuestNetwork, Plan
from isolab.plan.model import Guest as PlannedGuest
from isolab.plan.network import networks
from isolab.plan.rollout import Chain
from machine import seeds
from machine.keys import KeyFiles

MIB = 2**20
STYLESHEET = Path(__file__).with_name("guest.xsl")
PRIVATE = libvirt.VolumeXmlArgs(xslt=Path(__file__).with_name("private_volume.xsl").read_text())
"""Of volumes that no other account of the machine reads."""
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
    keeps_cloud_init_disk: bool
    """Its domain stands, and has the provider's cloud-init disk for a seed, which stays."""
    seed_source: str
    """The file that its seed's volume was filled from; empty where there is none."""
    ruleset: str
    """Its packet filter."""
    folder: Path
    """The lab file's."""
    prefix: str = ""
    """What the names of containers and balancers begin with in the program."""


class Guest(pulumi.ComponentResource):
    """Disks, cloud-init seed, domain, readiness, and the services in its Docker."""

    def __init__(
        self, name: str, args: GuestArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("isolab:index:Guest", name, None, opts)
        site = site_of(self, name, args)
        disks = make_disks(site)
        domain = make_domain(site, disks)
        ready = await_docker(site, domain)
        self.ready = ready
        """Ends once its Docker answers."""
        self.domain = domain
        install_packages(site, ready, disks)
        filtered = write_firewall(site, ready, disks)
        dockerd = docker.Provider(
            f"{name}-docker",
            host=f"ssh://root@{args.guest.address}",
            ssh_opts=list(args.keys.ssh_options),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[ready]),
        )
        place = ServicePlace(
            connection=site.connection,
            dockerd=dockerd,
            root=disks.root,
            ready=ready,
            filtered=filtered,
            networks=make_networks(name, args.guest, inside(site, dockerd, disks)),
            volumes=make_volumes(name, args.guest, retained(site, dockerd, disks)),
            pulls_from=args.plan.registry.endpoint,
            seed=args.seed,
            clustered=frozenset(name for c in args.plan.clusters for name in c.members),
            folder=args.folder,
            rollout_step=rollout_steps(site, domain),
            chain=args.chain,
            ports_read=args.ports_read,
            prefix=args.prefix,
        )
        make_balancers(site, place)
        make_services(site, place)
        self.register_outputs({"address": args.guest.address, "domain": domain.id})


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """What all steps of a guest share."""

    guest: pulumi.Resource
    """The component."""
    name: str
    args: GuestArgs
    image: GuestImage
    """What it boots from."""
    child: pulumi.ResourceOptions
    """Of what it has in libvirt, which waits for the guests that go before it."""
    client: secrets.SshKey
    """The key that lets in."""
    identity: secrets.SshKey
    """The guest's own."""
    connection: remote.ConnectionArgs
    """The way in."""

    @property
    def planned(self) -> PlannedGuest:
        """The guest in the plan."""
        return self.args.guest


def site_of(guest: pulumi.Resource, name: str, args: GuestArgs) -> Site:
    """The guest's keys, and the ways to it."""
    client = secrets.ssh_key(args.seed, secrets.CLIENT_KEY)
    identity = secrets.ssh_key(args.seed, secrets.host_key(args.guest.name))
    return Site(
        guest=guest,
        name=name,
        args=args,
        image=args.plan.image_of(args.guest) or args.image,
        child=pulumi.ResourceOptions(
            parent=guest,
            provider=args.host.libvirt,
            depends_on=args.chain.before_guest(args.guest),
        ),
        client=client,
        identity=identity,
        connection=remote.ConnectionArgs(
            host=args.guest.address,
            user="root",
            private_key=pulumi.Output.secret(client.private_openssh),
            host_key=identity.public,
            dial_error_limit=DIALS,
            per_dial_timeout=10,
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Disks:
    """What a guest's domain has for disks."""

    root: libvirt.Volume
    data: libvirt.Volume | None
    seed: pulumi.Output[str]
    """The id of the seed's volume."""


def make_disks(site: Site) -> Disks:
    """The root disk, over its image; the data disk; the seed, which tells cloud-init what to do."""
    guest, host = site.planned, site.args.host
    root = libvirt.Volume(
        roles.ROOT.of(site.name),
        name=cloudinit.root_disk(guest),
        pool=host.pool.name,
        base_volume_id=host.bases[guest.image].id,
        size=guest.disk * MIB,
        xml=PRIVATE,
        # Also where it is a person who wants it recreated (./lab reset): its name is taken.
        opts=pulumi.ResourceOptions.merge(
            private(site), pulumi.ResourceOptions(delete_before_replace=True)
        ),
    )
    data = None
    if guest.data is not None:
        data = libvirt.Volume(
            roles.DATA.of(site.name),
            name=domain_disks.data(guest),
            pool=host.pool.name,
            format="qcow2",
            size=guest.data * MIB,
            xml=PRIVATE,
            opts=private(site),
        )
    return Disks(root=root, data=data, seed=make_seed(site))


def private(site: Site) -> pulumi.ResourceOptions:
    """Options of a guest's own volume: one that stands has the mode that it was created with.

    Another stylesheet would replace it, and a data disk with what is on it.
    """
    return pulumi.ResourceOptions.merge(site.child, pulumi.ResourceOptions(ignore_changes=["xml"]))


def make_seed(site: Site) -> pulumi.Output[str]:
    """What cloud-init reads at the first boot; its volume's id.

    A volume that is filled from a file, where the provider has a cloud-init disk for it: that one
    is read back at once and at each refresh, which fails now and then (docs/adr/0050).
    """
    guest, plan, pool = site.planned, site.args.plan, site.args.host.pool.name
    user_data = cloudinit.user_data(
        guest, plan, site.client.public, site.identity.private_openssh, site.identity.public
    )
    meta_data = cloudinit.meta_data(guest, plan)
    network_config = cloudinit.network_config(guest, plan)
    if site.args.keeps_cloud_init_disk:
        disk = libvirt.CloudInitDisk(
            roles.CLOUD_INIT_DISK.of(site.name),
            name=domain_disks.seed_before(guest),
            pool=pool,
            user_data=pulumi.Output.secret(user_data),
            meta_data=meta_data,
            network_config=network_config,
            opts=site.child,
        )
        return disk.id.apply(volume_of_cloud_init_disk)
    source = seeds.write(site.args.keys.seeds, guest.name, user_data, meta_data, network_config)
    # The same content stays the same source where the stack's folder has moved since.
    before = Path(site.args.seed_source)
    return libvirt.Volume(
        roles.SEED.of(site.name),
        name=domain_disks.seed(guest),
        pool=pool,
        # libvirt makes it raw and finds iso in it: asked for neither, the provider has no change.
        source=str(before if before.name == source.name else source),
        xml=PRIVATE,
        # Another content has the same name.
        opts=pulumi.ResourceOptions.merge(
            private(site), pulumi.ResourceOptions(delete_before_replace=True)
        ),
    ).id


def make_domain(site: Site, disks: Disks) -> libvirt.Domain:
    """The virtual machine itself."""
    guest, host, plan, image = site.planned, site.args.host, site.args.plan, site.image
    cpu = processor.of(guest, plan)
    own = domain_disks.of(guest, plan, cloud_init_disk=site.args.keeps_cloud_init_disk)
    written = domain_disks.elements(own, plan.pool.path)
    volumes = (disks.root.id, *([disks.data.id] if disks.data else []), disks.seed)
    return libvirt.Domain(
        roles.DOMAIN.of(site.name),
        name=guest.domain,
        type="kvm" if plan.kvm else "qemu",
        machine="q35",
        memory=guest.memory,
        vcpu=guest.vcpus,
        cpu={"mode": cpu.mode} if cpu.mode else None,
        xml={"xslt": stylesheet(cpu, written)},
        kernel=host.kernel.id if host.kernel and image.kernel else None,
        initrd=host.initrd.id if host.initrd and image.initrd else None,
        cmdlines=kernel_command_line(image.arguments),
        disks=[libvirt.DomainDiskArgs(volume_id=volume) for volume in volumes],
        network_interfaces=[
            {
                "network_id": host.network.id,
                "mac": guest.mac,
                "addresses": [guest.address],
                "hostname": guest.name,
            }
        ],
        consoles=[{"type": "pty", "target_port": "0", "target_type": "serial"}],
        autostart=plan.autostart,
        # The addresses are read back only once the guest has them: a change that is none. With
        # it a network that was replaced goes unseen, so that is said in another way.
        # A stylesheet that changes replaces the domain, so a domain may keep an older one.
        opts=pulumi.ResourceOptions.merge(
            site.child,
            pulumi.ResourceOptions(
                ignore_changes=["networkInterfaces", *(["xml"] if site.args.keeps_xml else [])],
                replace_with=[host.network],
            ),
        ),
    )


def await_docker(site: Site, domain: libvirt.Domain) -> remote.Command:
    """Ends once the guest has booted and its Docker answers."""
    return remote.Command(
        roles.READY.of(site.name),
        connection=site.connection,
        create=READY.read_text(),
        triggers=[domain.id],
        opts=pulumi.ResourceOptions(parent=site.guest, depends_on=[domain]),
    )


def install_packages(site: Site, ready: remote.Command, disks: Disks) -> None:
    """Those that the lab file asks for, where it does."""
    script = cloudinit.install(site.planned, site.args.plan)
    if script:
        remote.Command(
            roles.PACKAGES.of(site.name),
            connection=site.connection,
            create=script,
            opts=on_root_disk(site, ready, disks),
        )


def write_firewall(site: Site, ready: remote.Command, disks: Disks) -> remote.Command:
    """The packet filter, in force and saved for the next boot."""
    return remote.Command(
        roles.FIREWALL.of(site.name),
        connection=site.connection,
        create=guestfiles.WRITE,
        stdin=boot.script(site.args.ruleset, site.planned),
        opts=on_root_disk(site, ready, disks),
    )


def on_root_disk(site: Site, ready: remote.Command, disks: Disks) -> pulumi.ResourceOptions:
    """Of what lies on the root disk; a new one has the old one's id, so its id triggers nothing."""
    return pulumi.ResourceOptions(parent=site.guest, depends_on=[ready], replace_with=[disks.root])


def inside(site: Site, dockerd: docker.Provider, disks: Disks) -> pulumi.ResourceOptions:
    """Of what Docker holds: it stands and falls with the disk that Docker keeps it on."""
    return pulumi.ResourceOptions(
        parent=site.guest, provider=dockerd, deleted_with=disks.root, replace_with=[disks.root]
    )


def make_networks(
    name: str, planned: PlannedGuest, opts: pulumi.ResourceOptions
) -> dict[str, docker.Network]:
    """Docker's networks, by name."""
    return {
        network.name: docker.Network(
            f"{name}-{network.name}",
            name=network.name,
            driver="bridge",
            internal=network.internal,
            ipam_configs=addressing(network),
            options=networks.options(network) or None,
            opts=opts,
        )
        for network in planned.networks
    }


def addressing(network: GuestNetwork) -> list[docker.NetworkIpamConfigArgs] | None:
    """Its subnet, where it has one that isolab knows."""
    if not network.subnet:
        return None
    gateway, part = network.gateway or None, network.ip_range or None
    return [docker.NetworkIpamConfigArgs(subnet=network.subnet, gateway=gateway, ip_range=part)]


def retained(site: Site, dockerd: docker.Provider, disks: Disks) -> pulumi.ResourceOptions:
    """Of Docker's volumes.

    They live on the data disk, which outlives the root disk, and their data outlives their
    resource: a volume that leaves the lab file is let go of, not wiped.
    """
    return pulumi.ResourceOptions(
        parent=site.guest,
        provider=dockerd,
        deleted_with=disks.data or disks.root,
        retain_on_delete=True,
        # Another data disk is an empty one. Were they tied to the disk itself, the engine would
        # remove their containers right before it cuts the guest's power, which undoes that.
        replace_with=None if disks.data else [disks.root],
        replacement_trigger=str(site.planned.data),
        delete_before_replace=True,
    )


def make_volumes(
    name: str, planned: PlannedGuest, opts: pulumi.ResourceOptions
) -> dict[str, docker.Volume]:
    """Docker's volumes, by name."""
    return {
        volume: docker.Volume(f"{name}-{volume}", name=volume, opts=opts)
        for volume in planned.volumes
    }


def make_balancers(site: Site, place: ServicePlace) -> None:
    """The balancers that run on this guest."""
    own = BalancerPlace(
        dockerd=place.dockerd,
        pulls_from=place.pulls_from,
        ready=(place.ready,),
        connection=place.connection,
        root=place.root,
    )
    for balancer in site.args.plan.balancers:
        if balancer.container.guest == site.planned.name:
            site.args.balancers[balancer.name] = Balancer(
                f"{place.prefix}{balancer.name}",
                BalancerArgs(balancer=balancer, place=own),
                pulumi.ResourceOptions(parent=site.guest),
            )


def rollout_steps(site: Site, domain: libvirt.Domain) -> RolloutStep:
    """What makes a replica's steps of a rolling update."""
    replicas = Counter(container.service for container in site.args.plan.containers)

    def step_of(
        planned: Container, container: docker.Container, parent: pulumi.Resource
    ) -> tuple[pulumi.Resource, ...]:
        return rollout_step(
            RolloutArgs(
                planned=planned,
                container=container,
                balancers=tuple(site.args.balancers.values()),
                connection=site.connection,
                domain=domain,
                has_fellows=replicas[planned.service] > 1,
                network=site.args.host.network,
                prefix=site.args.prefix,
            ),
            parent,
        )

    return step_of


def make_services(site: Site, place: ServicePlace) -> None:
    """The services, in the plan's order of start."""
    started = site.args.started
    for service, containers in containers_by_service(site.planned.containers):
        component = Service(
            f"{site.name}-{service}",
            ServiceArgs(place=place, containers=containers, started=dict(started)),
            pulumi.ResourceOptions(parent=site.guest),
        )
        started.update(component.started)


def stylesheet(cpu: processor.Processor, disks: str) -> str:
    """What makes a provider's domain isolab's: the same for each set of plugins."""
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


def volume_of_cloud_init_disk(id: str) -> str:
    """Its id is PATH;UUID, and the path is its volume's id."""
    return id.split(";")[0]


def containers_by_service(
    containers: Sequence[Container],
) -> Iterator[tuple[str, tuple[Container, ...]]]:
    """A guest's containers, grouped by service, in the plan's order of start."""
    for service, group in groupby(containers, key=lambda container: container.service):
        yield service, tuple(group)
