"""What the plain benchmark script needs to build the same lab by hand, written from the plan."""

import shlex
from ipaddress import ip_network
from pathlib import Path

from isolab.plan import cloudinit, guestfiles, secrets
from isolab.plan.model import Container, GuestImage, Plan
from machine.service_images import RegistryFiles


def write(folder: Path, plan: Plan, image: GuestImage, seed: str, registry: RegistryFiles) -> None:
    """Fill the folder that benchmarks/plain-lab.sh reads; the plan is one guest with web and db."""
    (guest,) = plan.guests
    db, web = (next(c for c in guest.containers if c.service == name) for name in ("db", "web"))
    client = secrets.ssh_key(seed, secrets.CLIENT_KEY)
    identity = secrets.ssh_key(seed, secrets.host_key(guest.name))
    addresses = ip_network(plan.network.cidr)
    settings = {
        "ADDRESS": guest.address,
        "MAC": guest.mac,
        "GUEST": guest.name,
        "DOMAIN": guest.domain,
        "MEMORY": guest.memory,
        "VCPUS": guest.vcpus,
        "DISK": guest.disk,
        "DATA": guest.data,
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
        "IMAGE_DISK": image.disk,
        "IMAGE_KERNEL": image.kernel,
        "IMAGE_INITRD": image.initrd,
        "ARGUMENTS": " ".join(image.arguments),
        "DB_IMAGE": _reference(db, plan),
        "WEB_IMAGE": _reference(web, plan),
        "DB_RUN": docker_run(db),
        "WEB_RUN": docker_run(web),
    }
    files = {
        "settings.sh": "".join(f"{k}={shlex.quote(str(v))}\n" for k, v in settings.items()),
        "user-data": cloudinit.user_data(
            guest, plan, client.public, identity.private_openssh, identity.public
        ),
        "meta-data": cloudinit.meta_data(guest, plan),
        "network-config": cloudinit.network_config(guest, plan),
        "id_ed25519": client.private_openssh,
        "known_hosts": f"{guest.address} {identity.public}\n",
    } | {f"files-{c.name}.sh": guestfiles.archive(c, seed) for c in guest.containers}
    for name, content in files.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(content)


def _reference(container: Container, plan: Plan) -> str:
    repository = container.image.rsplit(":", 1)[0]
    return f"{plan.registry.endpoint}/{repository}@{container.digest}"


def docker_run(container: Container) -> str:
    """The words of `docker run` that give this container; none of them holds a space."""
    health, limits = container.healthcheck, container.limits
    words = [
        f"--name={container.name}",
        f"--hostname={container.hostname}",
        f"--network={container.networks[0].network}",
        f"--restart={container.restart}",
        f"--memory={limits.memory}m",
        f"--memory-swap={limits.memory}m",
        f"--cpus={limits.cpus}",
        f"--cgroup-parent={container.slice}",
        *(f"--network-alias={alias}" for alias in container.networks[0].aliases),
        *(f"--env={name}={value}" for name, value in container.environment),
        *(f"--publish={p.ip}:{p.external}:{p.internal}" for p in container.ports),
        *(f"--volume={mount.volume}:{mount.target}" for mount in container.mounts),
        *(f"--volume={file.path}:{file.target}:ro" for file in container.files),
        *(f"--tmpfs={path}:{options}" for path, options in container.tmpfs),
        *(f"--cap-drop={name}" for name in container.cap_drop),
        *(f"--cap-add={name}" for name in container.cap_add),
        *(f"--security-opt={option}" for option in container.security_opt),
        *(["--read-only"] if container.read_only else []),
    ]
    if health:
        words += [
            f"--health-cmd={' '.join(health.test[1:])}",
            f"--health-interval={health.interval:g}s",
            f"--health-timeout={health.timeout:g}s",
            f"--health-retries={health.retries}",
        ]
    return " ".join(words)
