"""The host's layer: the network, the storage and the registry that guests stand on."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker
import pulumi_libvirt as libvirt
from pulumi_command import local

from isolab.plan import asking, roles
from isolab.plan.guest import domain_disks
from isolab.plan.model import GuestImage, Plan
from isolab.plan.network.reach import reach
from machine.host import sockets
from machine.images.service_images import RegistryFiles

REGISTRY_USER = "65534:65534"
REGISTRY_STORAGE = "/var/lib/registry"


@dataclass(frozen=True, kw_only=True, slots=True)
class HostArgs:
    """What the host's layer is made from."""

    plan: Plan
    image: GuestImage
    registry: RegistryFiles


class Host(pulumi.ComponentResource):
    """The libvirt network, the pool with what guests boot from, and the lab's registry."""

    def __init__(
        self, name: str, args: HostArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("isolab:index:Host", name, None, opts)
        plan, image = args.plan, args.image
        mine = pulumi.ResourceOptions(parent=self)
        given = self.get_provider("libvirt:index/network:Network")
        self.libvirt = given or libvirt.Provider(f"{name}-libvirt", uri=plan.libvirt, opts=mine)
        child = pulumi.ResourceOptions(parent=self, provider=self.libvirt)
        self.network = make_network(name, plan, child)
        self.pool = libvirt.Pool(
            roles.POOL.of(name),
            name=plan.pool.name,
            type="dir",
            target={"path": plan.pool.path},
            opts=child,
        )

        def volume(own: str, role: roles.Role, source: str, more: str = "") -> libvirt.Volume:
            return libvirt.Volume(
                role.of(name, more),
                name=own,
                pool=self.pool.name,
                source=source,
                format="qcow2" if role == roles.BASE else "raw",
                opts=child,
            )

        self.bases = {
            key: volume(
                domain_disks.base(key, plan), roles.BASE, each.disk, domain_disks.version(key, plan)
            )
            for key, each in {"": image, **plan.images}.items()
        }
        self.kernel = volume("kernel", roles.KERNEL, image.kernel) if image.kernel else None
        self.initrd = volume("initrd", roles.INITRD, image.initrd) if image.initrd else None
        self.dockerd = docker.Provider(f"{name}-docker", host=sockets.DOCKER, opts=mine)
        registries = serve_registry(name, args, self)
        self.registry_answers = await_registry(name, plan, registries, self)
        self.register_outputs({"network": self.network.id, "pool": self.pool.id})


def make_network(name: str, plan: Plan, opts: pulumi.ResourceOptions) -> libvirt.Network:
    """The lab network: guests behind NAT, with DHCP and DNS of their own."""
    return libvirt.Network(
        roles.LAB_NETWORK.of(name),
        name=plan.network.name,
        mode="nat",
        bridge=plan.network.bridge,
        addresses=[plan.network.cidr],
        domain=plan.network.domain,
        dhcp={"enabled": True},
        dns={
            "enabled": True,
            "local_only": True,
            "hosts": [{"ip": plan.network.gateway, "hostname": reach(plan)}],
        },
        autostart=True,
        opts=opts,
    )


def serve_registry(name: str, args: HostArgs, host: Host) -> tuple[docker.Container, ...]:
    """The lab's registry, for guests and for the host.

    A container for each address: a port that is published twice comes back in another order each
    time.
    """
    registry, loopback = args.plan.registry, f"{args.plan.registry.name}-loopback"
    opts = pulumi.ResourceOptions(parent=host, provider=host.dockerd, depends_on=[host.network])
    return (
        docker.Container(
            roles.REGISTRY.of(name),
            **registry_inputs(registry.name, args.registry, registry.address, registry.port),
            opts=opts,
        ),
        docker.Container(
            roles.LOOPBACK.of(name),
            **registry_inputs(loopback, args.registry, "127.0.0.1", registry.loopback_port),
            opts=opts,
        ),
    )


def await_registry(
    name: str, plan: Plan, registries: tuple[docker.Container, ...], host: Host
) -> local.Command:
    """Ends once the registry answers: Docker lets in who connects before it listens."""
    registry = plan.registry
    addresses = (("127.0.0.1", registry.loopback_port), (registry.address, registry.port))
    return local.Command(
        roles.ANSWERS.of(name),
        interpreter=["/bin/bash", "-c"],
        create="\n".join(
            asking.until_answered("the lab's registry", address, port, "/v2/", seconds=60)
            for address, port in addresses
        ),
        triggers=[registry.id for registry in registries],
        opts=pulumi.ResourceOptions(parent=host, depends_on=registries),
    )


def registry_inputs(name: str, files: RegistryFiles, address: str, port: int) -> dict[str, Any]:
    """The registry's container, published once: it reads what the host has, and writes nothing."""
    return {
        "name": name,
        "image": files.image,
        "user": REGISTRY_USER,
        "read_only": True,
        "restart": "unless-stopped",
        "capabilities": {"drops": ["ALL"]},
        "security_opts": ["no-new-privileges:true"],
        "envs": ['REGISTRY_STORAGE_MAINTENANCE_READONLY={"enabled": true}'],
        "mounts": [
            {"type": "bind", "source": source, "target": target, "read_only": True}
            for source, target in _served(files)
        ],
        "ports": [{"internal": 5000, "external": port, "ip": address}],
    }


def _served(files: RegistryFiles) -> tuple[tuple[str, str], ...]:
    """The folders that the registry reads, each with where it expects it."""
    if not files.repositories:
        return ((files.storage, REGISTRY_STORAGE),)
    layout = f"{REGISTRY_STORAGE}/docker/registry/v2"
    return (
        (f"{files.storage}/docker/registry/v2/blobs", f"{layout}/blobs"),
        (files.repositories, f"{layout}/repositories"),
    )
