"""The host's layer: the network, the storage and the registry that guests stand on."""

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker
import pulumi_libvirt as libvirt
from pulumi_command import local

from isolab.plan.model import GuestImage, Plan
from machine import sockets
from machine.service_images import RegistryFiles

REGISTRY_USER = "65534:65534"
REGISTRY_STORAGE = "/var/lib/registry"
ANSWERS = """\
for _ in $(seq 300); do
  exec 3<>/dev/tcp/127.0.0.1/{port} && printf 'GET /v2/ HTTP/1.0\\r\\n\\r\\n' >&3 &&
    read -r -t 5 line <&3 && exit 0
  sleep 0.2
done 2>/dev/null
echo "the lab's registry did not answer on port {port} within a minute" >&2
exit 1
"""
"""Docker lets in whom the port is published to before the registry listens."""


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
            f"{name}-network",
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
            f"{name}-pool",
            name=plan.pool.name,
            type="dir",
            target={"path": plan.pool.path},
            opts=child,
        )

        def volume(kind: str, source: str, format: str) -> libvirt.Volume:
            return libvirt.Volume(
                f"{name}-{kind}",
                name=kind,
                pool=self.pool.name,
                source=source,
                format=format,
                opts=child,
            )

        image = args.image
        self.bases = {"": volume("base", image.disk, "qcow2")} | {
            path: volume(f"base-{own.digest[:12]}", own.disk, "qcow2")
            for path, own in plan.images.items()
        }
        self.kernel = volume("kernel", image.kernel, "raw") if image.kernel else None
        self.initrd = volume("initrd", image.initrd, "raw") if image.initrd else None
        self.dockerd = docker.Provider(
            f"{name}-docker",
            host=sockets.DOCKER,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.registry = docker.Container(
            f"{name}-registry",
            name=plan.registry.name,
            image=args.registry.image,
            user=REGISTRY_USER,
            read_only=True,
            restart="unless-stopped",
            capabilities={"drops": ["ALL"]},
            security_opts=["no-new-privileges:true"],
            envs=['REGISTRY_STORAGE_MAINTENANCE_READONLY={"enabled": true}'],
            mounts=[
                {
                    "type": "bind",
                    "source": args.registry.storage,
                    "target": REGISTRY_STORAGE,
                    "read_only": True,
                }
            ],
            ports=[
                {"internal": 5000, "external": plan.registry.port, "ip": plan.registry.address},
                {"internal": 5000, "external": plan.registry.loopback_port, "ip": "127.0.0.1"},
            ],
            opts=pulumi.ResourceOptions(
                parent=self, provider=self.dockerd, depends_on=[self.network]
            ),
        )
        self.registry_answers = local.Command(
            f"{name}-registry-answers",
            interpreter=["/bin/bash", "-c"],
            create=ANSWERS.format(port=plan.registry.loopback_port),
            triggers=[self.registry.id],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.registry]),
        )
        self.register_outputs({"network": self.network.id, "pool": self.pool.id})
