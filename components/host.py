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
        plan = args.plan
        self.libvirt = libvirt.Provider(
            f"{name}-libvirt", uri=plan.libvirt, opts=pulumi.ResourceOptions(parent=self)
        )
        child = pulumi.ResourceOptions(parent=self, provider=self.libvirt)
        self.network = libvirt.Network(
            roles.LAB_NETWORK.of(name),
            name=plan.network.name,
            mode="nat",
            bridge=plan.network.bridge,
            addresses=[plan.network.cidr],
            domain=plan.network.domain,
            dhcp={"enabled": True},
            dns={"enabled": True, "local_only": True},
            autostart=True,
            opts=child,
        )
        self.pool = libvirt.Pool(
            roles.POOL.of(name),
            name=plan.pool.name,
            type="dir",
            target={"path": plan.pool.path},
            opts=child,
        )

        def volume(role: roles.Role, source: str, format: str, more: str = "") -> libvirt.Volume:
            return libvirt.Volume(
                role.of(name, more),
                name=f"{role.suffix}-{more}" if more else role.suffix,
                pool=self.pool.name,
                source=source,
                format=format,
                opts=child,
            )

        image = args.image
        self.bases = {
            key: volume(roles.BASE, each.disk, "qcow2", domain_disks.version(key, plan))
            for key, each in {"": image, **plan.images}.items()
        }
        self.kernel = volume(roles.KERNEL, image.kernel, "raw") if image.kernel else None
        self.initrd = volume(roles.INITRD, image.initrd, "raw") if image.initrd else None
        self.dockerd = docker.Provider(
            f"{name}-docker",
            host=sockets.DOCKER,
            opts=pulumi.ResourceOptions(parent=self),
        )
        on_docker = pulumi.ResourceOptions(
            parent=self, provider=self.dockerd, depends_on=[self.network]
        )
        registry, loopback = plan.registry, f"{plan.registry.name}-loopback"
        self.registry = docker.Container(
            roles.REGISTRY.of(name),
            **registry_inputs(registry.name, args.registry, registry.address, registry.port),
            opts=on_docker,
        )
        # One of its own: a port that is published twice comes back in another order each time.
        self.registry_loopback = docker.Container(
            roles.LOOPBACK.of(name),
            **registry_inputs(loopback, args.registry, "127.0.0.1", registry.loopback_port),
            opts=on_docker,
        )
        self.registry_answers = local.Command(
            roles.ANSWERS.of(name),
            interpreter=["/bin/bash", "-c"],
            # Docker lets in whom the port is published to before the registry listens.
            create="\n".join(
                asking.until_answered("the lab's registry", address, port, "/v2/", seconds=60)
                for address, port in (
                    ("127.0.0.1", registry.loopback_port),
                    (registry.address, registry.port),
                )
            ),
            triggers=[self.registry.id, self.registry_loopback.id],
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[self.registry, self.registry_loopback]
            ),
        )
        self.register_outputs({"network": self.network.id, "pool": self.pool.id})


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
            {
                "type": "bind",
                "source": files.storage,
                "target": REGISTRY_STORAGE,
                "read_only": True,
            }
        ],
        "ports": [{"internal": 5000, "external": port, "ip": address}],
    }
