"""What the plain benchmark script needs to build the same lab by hand, written from the plan."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path

from isolab.plan import images, secrets
from isolab.plan.guest import cloudinit, guestfiles
from isolab.plan.model import HOST, Attachment, Container, Guest, GuestImage, Plan
from isolab.plan.network import networks
from machine.images.service_images import RegistryFiles

REPLACED = "web"
"""The service whose containers the script replaces."""


def write(folder: Path, plan: Plan, image: GuestImage, seed: str, registry: RegistryFiles) -> None:
    """Fill the folder that benchmarks/plain-lab.sh reads.

    Args:
        folder: An empty one.
        plan: Of guests with a data disk, all from the lab's own image; balancers on the host.
        image: That image.
        seed: What the lab's keys and secrets are derived from.
        registry: The lab's registry.
    """
    client = secrets.ssh_key(seed, secrets.CLIENT_KEY)
    balancers = [balancer.container for balancer in plan.balancers]
    keys = {g.name: secrets.ssh_key(seed, secrets.host_key(g.name)) for g in plan.guests}
    files = {
        "settings.sh": _assignments(_settings(plan, image, registry)),
        "id_ed25519": client.private_openssh,
        "known_hosts": "".join(f"{g.address} {keys[g.name].public}\n" for g in plan.guests),
        "hosts.xml": "".join(
            f"<host mac='{g.mac}' name='{g.name}' ip='{g.address}'/>\n" for g in plan.guests
        ),
        **_of_docker(HOST, balancers, f"127.0.0.1:{plan.registry.loopback_port}", seed),
    }
    for guest in plan.guests:
        key = keys[guest.name]
        files |= {
            f"{guest.name}/guest.sh": _assignments(_guest(guest)),
            f"{guest.name}/user-data": cloudinit.user_data(
                guest, plan, client.public, key.private_openssh, key.public
            ),
            f"{guest.name}/meta-data": cloudinit.meta_data(guest, plan),
            f"{guest.name}/network-config": cloudinit.network_config(guest, plan),
            f"{guest.name}/docker.sh": "".join(f"{line}\n" for line in _docker(guest)),
            **_of_docker(guest.name, guest.containers, plan.registry.endpoint, seed),
        }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(content)


def _assignments(settings: Mapping[str, object]) -> str:
    return "".join(f"{k}={shlex.quote(str(v))}\n" for k, v in settings.items())


def _settings(plan: Plan, image: GuestImage, registry: RegistryFiles) -> Mapping[str, object]:
    addresses = ip_network(plan.network.cidr)
    replaced = [c for c in plan.containers if c.service == REPLACED]
    return {
        "GUESTS": " ".join(guest.name for guest in plan.guests),
        "BALANCERS": " ".join(balancer.container.name for balancer in plan.balancers),
        "REPLACED": " ".join(f"{c.guest}/{c.name}" for c in replaced),
        "PAGE": plan.endpoints[0].url,
        "NETWORK": plan.network.name,
        "BRIDGE": plan.network.bridge,
        "GATEWAY": plan.network.gateway,
        "DHCP_FIRST": addresses[2],
        "DHCP_LAST": addresses[-2],
        "POOL": plan.pool.name,
        "POOL_PATH": plan.pool.path,
        "REGISTRY": plan.registry.name,
        "REGISTRY_IMAGE": registry.image,
        "REGISTRY_STORAGE": registry.storage,
        "REGISTRY_LOOPBACK": plan.registry.loopback_port,
        "IMAGE_DISK": image.disk,
        "IMAGE_KERNEL": image.kernel,
        "IMAGE_INITRD": image.initrd,
        "ARGUMENTS": " ".join(image.arguments),
    }


def _guest(guest: Guest) -> Mapping[str, object]:
    return {
        "ADDRESS": guest.address,
        "MAC": guest.mac,
        "DOMAIN": guest.domain,
        "MEMORY": guest.memory,
        "VCPUS": guest.vcpus,
        "DISK": guest.disk,
        "DATA": guest.data,
        "CONTAINERS": " ".join(container.name for container in guest.containers),
    }


def _docker(guest: Guest) -> Iterator[str]:
    """What the containers stand on, as the guest's shell makes it."""
    for network in guest.networks:
        options = networks.options(network)
        words = [
            *(["--internal"] if network.internal else []),
            *([f"--subnet={network.subnet}"] if network.subnet else []),
            *(f"--opt={name}={value}" for name, value in options.items()),
        ]
        yield shlex.join(["docker", "network", "create", *words, network.name])
    for volume in guest.volumes:
        yield shlex.join(["docker", "volume", "create", volume])


def _of_docker(
    place: str, containers: Sequence[Container], registry: str, seed: str
) -> Mapping[str, str]:
    """For each container the scripts that write its files and that create it, and its image."""
    return {
        f"{place}/{name}": text
        for container in containers
        for name, text in (
            (f"{container.name}.files.sh", guestfiles.archive(container, seed)),
            (f"{container.name}.create.sh", "\n".join(_create(container, place, registry))),
            (f"{container.name}.image", images.reference(container, registry)),
            (f"{container.name}.after", " ".join(name for name, _ in container.depends_on)),
        )
    }


def _create(container: Container, place: str, registry: str) -> Iterator[str]:
    """The shell's way to make the container; $CHANGED is one more word of it."""
    words = [*_options(container), *(["--network=host"] if place == HOST else [])]
    first, others = container.networks[:1], container.networks[1:]
    for network in first:
        words += [f"--hostname={container.hostname}", f"--network={network.network}"]
        words += _attached(network, "network-alias")
    words += [images.reference(container, registry), *(container.command or ())]
    yield f"docker create ${{CHANGED:-}} {shlex.join(words)}"
    for network in others:
        words = _attached(network, "alias")
        yield shlex.join(["docker", "network", "connect", *words, network.network, container.name])
    yield f"docker start {container.name}"


def _attached(network: Attachment, alias: str) -> list[str]:
    address = [f"--ip={network.address}"] if network.address else []
    return [*(f"--{alias}={name}" for name in network.aliases), *address]


def _options(container: Container) -> Iterator[str]:
    health, limits = container.healthcheck, container.limits
    yield f"--name={container.name}"
    yield f"--restart={container.restart}"
    if limits.memory:
        yield f"--memory={limits.memory}m"
        yield f"--memory-swap={limits.memory}m"
    if limits.cpus:
        yield f"--cpus={limits.cpus:g}"
    if container.slice:
        yield f"--cgroup-parent={container.slice}"
    if container.user:
        yield f"--user={container.user}"
    yield from (f"--env={name}={value}" for name, value in container.environment)
    yield from (f"--publish={p.ip}:{p.external}:{p.internal}/{p.protocol}" for p in container.ports)
    yield from (f"--volume={mount.volume}:{mount.target}" for mount in container.mounts)
    yield from (f"--volume={file.path}:{file.target}:ro" for file in container.files)
    yield from (f"--tmpfs={path}:{options}" for path, options in container.tmpfs)
    yield from (f"--add-host={name}:{address}" for name, address in container.hosts)
    yield from (f"--cap-drop={name}" for name in container.cap_drop)
    yield from (f"--cap-add={name}" for name in container.cap_add)
    yield from (f"--security-opt={option}" for option in container.security_opt)
    if container.read_only:
        yield "--read-only"
    yield f"--stop-timeout={int(container.stop_grace_period)}"
    if health and health.test[0] in ("CMD", "CMD-SHELL"):
        yield f"--health-cmd={shlex.join(health.test[1:])}"
        yield f"--health-interval={health.interval:g}s"
        yield f"--health-timeout={health.timeout:g}s"
        yield f"--health-retries={health.retries}"
