"""The service's layer: its image and its containers on one guest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker
from pulumi_command import local, remote

from isolab.model import FOR_EVER, HEALTHY, Condition
from isolab.plan import hidden, images, readback, roles
from isolab.plan.guest import guestfiles
from isolab.plan.model import Container
from isolab.plan.rollout import Chain
from machine.host import host_files

RolloutStep = Callable[[Container, docker.Container, pulumi.Resource], tuple[pulumi.Resource, ...]]
"""From a planned container, its resource and their parent to what others wait for."""
COMPLETED = "service_completed_successfully"
AWAIT = """
code=$(docker wait NAME 2>&1) || { echo "NAME could not be waited for: $code" >&2; exit 1; }
[ "$code" = 0 ] && exit
echo "NAME was to succeed, but exited with $code; it said last:" >&2
docker logs --tail 15 NAME >&2
exit 1
"""
"""Ends when the container has, as it did."""
AWAIT_HEALTH = """
end=$(($(date +%s) + TIMEOUT))
until [ "$(date +%s)" -gt "$end" ]; do
  said=$(docker inspect --format \
    '{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' NAME) || exit 1
  case $said in
    healthy) exit ;;
    none) echo "NAME has no healthcheck, nor has its image: nobody can wait for it" >&2; exit 1 ;;
  esac
  sleep 1
done
echo "NAME is $said after TIMEOUT s; it said last:" >&2
docker logs --tail 15 NAME >&2
exit 1
"""
"""Ends when the image's own healthcheck says that the container is healthy."""
TIMEOUT = 180
"""Seconds a container has to become healthy; an emulated guest is a slow one."""
FIRST_CHECK = 90
"""Seconds within which the first check has said something, as a rule."""
LONGEST_START = 900
"""Seconds of a start_period that are waited for: some are given days."""
UNCHANGEABLE = ["healthcheck", "tmpfs", "init"]
"""Inputs whose change Docker's provider takes for an update, and then changes nothing."""
LEFT_AS_THEY_ARE = (
    "command",
    "entrypoints",
    "healthcheck",
    "hostname",
    "init",
    "ipc_mode",
    "log_driver",
    "security_opts",
    "shm_size",
    "stop_signal",
    "user",
    "working_dir",
)
"""Inputs that Docker's provider leaves as they are where the program gives them no more."""
TOGETHER = 600
"""Seconds for a member of a cluster: it waits for the slowest of their guests, and for copies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServicePlace:
    """The guest that a service runs on, or the host, as its services see it."""

    connection: remote.ConnectionArgs | None
    """The way into the guest; None on the host."""
    dockerd: pulumi.ProviderResource
    root: pulumi.CustomResource | None
    """The disk that Docker keeps containers and images on; None on the host."""
    ready: pulumi.Resource
    """Done when the guest can be worked on."""
    filtered: pulumi.Resource
    """Done when the guest lets nobody pass but who may."""
    networks: Mapping[str, docker.Network]
    """By their names in Docker."""
    volumes: Mapping[str, docker.Volume]
    pulls_from: str
    """host:port of the lab's registry."""
    seed: str
    clustered: frozenset[str]
    """Containers that are members of clusters."""
    rollout_step: RolloutStep
    chain: Chain[pulumi.Resource]
    """The rollout steps of all replicas so far, on this guest and before."""
    ports_read: Mapping[str, readback.Ports]
    """Of containers that stand, by name."""
    folder: Path
    """The lab file's, on the host: copies are made of what lies there."""
    prefix: str = ""
    """What the names of containers begin with in the program."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A container that others may wait for."""

    container: docker.Container
    end: local.Command | remote.Command | None
    """Done when it has succeeded, where somebody waits for that."""
    healthy: local.Command | remote.Command | None
    """Done when its image says so, where somebody waits for that."""

    def once(self, condition: Condition) -> pulumi.Resource:
        """What is done when the condition holds."""
        if condition == HEALTHY and self.healthy:
            return self.healthy
        return self.end if self.end and condition == COMPLETED else self.container


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceArgs:
    """What a service on one guest is made from."""

    place: ServicePlace
    containers: tuple[Container, ...]
    started: Mapping[str, Started]
    """Containers of other services that may be waited for, by name."""


class Service(pulumi.ComponentResource):
    """One image and, from it, a container for each replica on this guest."""

    def __init__(
        self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("isolab:index:Service", name, None, opts)
        place = args.place
        image = pull(self, name, args)
        self.started: dict[str, Started] = {}
        for container in args.containers:
            waits = (*write_files(self, place, container), *waited_for(container, args))
            followed = tuple(args.started[other].container for other in container.restarts_with)
            made = make_container(
                self,
                place,
                container,
                image,
                waits,
                followed,
                args.started[container.network_of].container if container.network_of else None,
            )
            end = await_end(self, place, container, made) if container.ends else None
            healthy = await_health(self, place, container, made) if container.asked else None
            self.started[container.name] = Started(container=made, end=end, healthy=healthy)
            place.chain.add(container, place.rollout_step(container, made, self))
        self.register_outputs({"containers": list(self.started)})


def on_disk(place: ServicePlace) -> list[pulumi.Resource] | None:
    """What replaces all that lies on it; on the host nothing does."""
    return [place.root] if place.root else None


def inside(service: pulumi.Resource, place: ServicePlace) -> pulumi.ResourceOptions:
    """Of what a service has in Docker."""
    return pulumi.ResourceOptions(
        parent=service,
        provider=place.dockerd,
        deleted_with=place.root,
        replace_with=on_disk(place),
    )


def pull(service: pulumi.Resource, name: str, args: ServiceArgs) -> docker.RemoteImage:
    """The image that all its containers run."""
    return docker.RemoteImage(
        roles.IMAGE.of(name),
        name=images.reference(args.containers[0], args.place.pulls_from),
        # Other services may run it: Docker removes none in use. On the host ./lab down does.
        keep_locally=True,
        # A guest's Docker has waited by then; the host's own is there before the lab's registry.
        opts=pulumi.ResourceOptions.merge(
            inside(service, args.place), pulumi.ResourceOptions(depends_on=[args.place.ready])
        ),
    )


def write_files(
    service: pulumi.Resource, place: ServicePlace, container: Container
) -> tuple[pulumi.Resource, ...]:
    """Secrets, configs and copies, where the container finds them; nothing where it has none."""
    copies = {c.digest: host_files.archive(place.folder / c.source) for c in container.copies}
    archive = guestfiles.archive(container, place.seed, copies)
    if not archive:
        return ()
    written = run(
        roles.FILES.of(f"{place.prefix}{container.name}"),
        place.connection,
        # A new root disk has the old one's id, so its id triggers nothing.
        pulumi.ResourceOptions(
            parent=service, depends_on=[place.ready], replace_with=on_disk(place)
        ),
        create=guestfiles.WRITE,
        stdin=pulumi.Output.secret(archive),
        delete=None if place.connection else guestfiles.removal(container),
    )
    return (written,)


def waited_for(container: Container, args: ServiceArgs) -> tuple[pulumi.Resource, ...]:
    """The containers of other services that it depends on, and its service's replicas before it."""
    others = (
        args.started[other].once(condition)
        for other, condition in container.depends_on
        if other in args.started
    )
    return (*others, *args.place.chain.before(container))


def make_container(
    service: pulumi.Resource,
    place: ServicePlace,
    container: Container,
    image: docker.RemoteImage,
    waits: tuple[pulumi.Resource, ...],
    followed: tuple[pulumi.Resource, ...] = (),
    network_of: docker.Container | None = None,
) -> docker.Container:
    """One replica, recreated with those that it follows."""
    inputs = container_inputs(
        container,
        image,
        TOGETHER if container.name in place.clustered else TIMEOUT,
        place.networks,
        place.ports_read.get(container.name, ()),
    )
    if network_of:
        # By its id, so that the engine recreates this one with it.
        inputs["network_mode"] = network_of.id.apply(lambda id: f"container:{id}")
    holds = (place.filtered, *place.networks.values(), *place.volumes.values())
    return docker.Container(
        f"{place.prefix}{container.name}",
        **inputs,
        opts=pulumi.ResourceOptions.merge(
            inside(service, place),
            pulumi.ResourceOptions(
                depends_on=[*holds, *waits],
                replace_with=[*(place.volumes[m.volume] for m in container.mounts), *followed],
                replace_on_changes=UNCHANGEABLE,
                replacement_trigger=" ".join(n for n in LEFT_AS_THEY_ARE if inputs[n]),
                delete_before_replace=True,
            ),
        ),
    )


def await_end(
    service: pulumi.Resource, place: ServicePlace, container: Container, made: docker.Container
) -> local.Command | remote.Command:
    """Succeeds once the container has."""
    return run(
        roles.COMPLETION.of(f"{place.prefix}{container.name}"),
        place.connection,
        pulumi.ResourceOptions(parent=service, depends_on=[made]),
        create=AWAIT.replace("NAME", container.name),
        triggers=[made.id],
    )


def await_health(
    service: pulumi.Resource, place: ServicePlace, container: Container, made: docker.Container
) -> local.Command | remote.Command:
    """Done once the container is healthy."""
    script = AWAIT_HEALTH.replace("NAME", container.name).replace("TIMEOUT", str(TIMEOUT))
    return run(
        roles.HEALTH.of(f"{place.prefix}{container.name}"),
        place.connection,
        pulumi.ResourceOptions(parent=service, depends_on=[made]),
        create=script,
        triggers=[made.id],
    )


def run(
    name: str,
    connection: remote.ConnectionArgs | None,
    opts: pulumi.ResourceOptions,
    **inputs: Any,
) -> local.Command | remote.Command:
    """A command on a guest, or without a way into one on the host."""
    if connection is None:
        return local.Command(name, opts=opts, **inputs)
    return remote.Command(name, connection=connection, opts=opts, **inputs)


def is_checked(container: Container) -> bool:
    """Whether Docker asks the container how it is."""
    return container.healthcheck is not None and container.healthcheck.test != ("NONE",)


def _wait_timeout(container: Container, timeout: int) -> int:
    """The usual timeout, behind the first check where that comes late: after a whole interval.

    And behind the time that the container is given to start in, while no failed check counts.
    """
    check = container.healthcheck
    first = check.interval + check.timeout if check else 0
    starting = min(check.start_period, LONGEST_START) if check else 0
    late = max(first, starting)
    return timeout + ceil(late) if late > FIRST_CHECK else timeout


def _variables(container: Container) -> pulumi.Input[list[str]]:
    """The engine's state has them encrypted where one of them is a secret."""
    environment = container.environment
    lines = [f"{name}={value}" for name, value in environment]
    secret = any(hidden.is_secret(name, value, container) for name, value in environment)
    return pulumi.Output.secret(lines) if secret else lines


def container_inputs(
    container: Container,
    image: docker.RemoteImage,
    timeout: int = TIMEOUT,
    networks: Mapping[str, docker.Network] | None = None,
    ports_read: readback.Ports = (),
) -> dict[str, Any]:
    """A planned container in the words of the Docker provider, each as it is read back.

    It names networks by the resources, where there are some, so that the engine takes it off a
    network that is recreated: Docker removes none that a container is on.
    """
    return (
        {"name": container.name, "image": image.image_id}
        | _process(container)
        | _identity(container)
        | _lifetime(container)
        | _health(container, timeout)
        | _resources(container)
        | _rights(container)
        | _network(container, networks or {})
        | {"ports": _ports(container, ports_read)}
        | {"volumes": _mounts(container), "tmpfs": dict(container.tmpfs) or None}
        | _logging(container)
    )


def _process(container: Container) -> dict[str, Any]:
    """What runs, as whom, on what terminal."""
    return {
        "command": container.command and list(container.command),
        "entrypoints": container.entrypoint and list(container.entrypoint),
        "envs": _variables(container),
        "user": container.user or None,
        "group_adds": list(container.group_add) or None,
        "working_dir": container.working_dir or None,
        "init": container.init or None,
        "tty": container.tty or None,
        "stdin_open": container.stdin_open or None,
    }


def _identity(container: Container) -> dict[str, Any]:
    """How it and others name it."""
    return {
        "hostname": container.hostname or None,
        "domainname": container.domainname or None,
        "labels": [{"label": name, "value": value} for name, value in container.labels],
    }


def _lifetime(container: Container) -> dict[str, Any]:
    """When Docker starts it again, and how it stops it."""
    restart, _, retries = container.restart.partition(":")
    grace = int(container.stop_grace_period)
    return {
        "restart": restart,
        "max_retry_count": int(retries) if retries else None,
        # One that is not started again may end when it is done.
        "must_run": None if is_checked(container) or restart in FOR_EVER else False,
        "stop_signal": container.stop_signal or None,
        "stop_timeout": grace,
        "destroy_grace_seconds": grace,
    }


def _health(container: Container, timeout: int) -> dict[str, Any]:
    """Its healthcheck, and how long the engine waits for that."""
    check, checked = container.healthcheck, is_checked(container)
    return {
        "healthcheck": check
        and {
            "tests": list(check.test),
            "interval": readback.duration(check.interval),
            "timeout": readback.duration(check.timeout),
            "retries": check.retries,
            "start_period": readback.duration(check.start_period),
        },
        "wait": True if checked else None,
        "wait_timeout": _wait_timeout(container, timeout) if checked else None,
    }


def _resources(container: Container) -> dict[str, Any]:
    """How much of the guest it may use."""
    limits = container.limits
    return {
        "memory": limits.memory,
        # Without a limit of its own, swap would double what the memory limit promises.
        "memory_swap": limits.memory,
        "cpus": readback.cpus(limits.cpus) if limits.cpus else None,
        "cpu_shares": container.cpu_shares or None,
        "cpu_set": container.cpuset or None,
        "cgroup_parent": container.slice or None,
        "shm_size": container.shm_size or None,
        "ulimits": [
            {"name": limit.name, "soft": limit.soft, "hard": limit.hard}
            for limit in container.ulimits
        ]
        or None,
    }


def _rights(container: Container) -> dict[str, Any]:
    """What of the guest it may see and change."""
    adds, drops = list(container.cap_add), list(container.cap_drop)
    return {
        "read_only": container.read_only,
        "privileged": container.privileged or None,
        "capabilities": {"adds": adds or None, "drops": drops or None} if adds or drops else None,
        "security_opts": list(container.security_opt) or None,
        "sysctls": dict(container.sysctls) or None,
        "pid_mode": container.pid or None,
        "ipc_mode": container.ipc or None,
        "cgroupns_mode": container.cgroup or None,
        "devices": [
            {"host_path": d.source, "container_path": d.target, "permissions": d.permissions}
            for d in container.devices
        ]
        or None,
    }


def _network(container: Container, made: Mapping[str, docker.Network]) -> dict[str, Any]:
    """The networks that it is on, and how it finds others there."""
    return {
        "network_mode": container.network_mode or None,
        "networks_advanced": [
            {
                "name": made[network.network].name if made else network.network,
                "aliases": list(network.aliases),
            }
            | ({"ipv4_address": network.address} if network.address else {})
            for network in container.networks
        ]
        or None,
        "hosts": [{"host": name, "ip": address} for name, address in container.hosts] or None,
        "dns": list(container.dns) or None,
        "dns_searches": list(container.dns_search) or None,
        "dns_opts": list(container.dns_opt) or None,
    }


def _ports(container: Container, read: readback.Ports) -> list[dict[str, Any]] | None:
    """Those that it publishes; on the host's own network Docker publishes none."""
    if container.network_mode == "host":
        return None
    return [
        {
            "internal": port.internal,
            "external": port.external,
            "ip": port.ip,
            "protocol": port.protocol,
        }
        for port in readback.ports(container.ports, read)
    ] or None


def _mounts(container: Container) -> list[dict[str, Any]]:
    """Volumes first, then what lies on the guest: secrets and configs, copies, its own files."""
    return [
        *(_mount("volume_name", m.volume, m.target, m.read_only) for m in container.mounts),
        *(_mount("host_path", file.path, file.target, True) for file in container.files),
        *(_mount("host_path", c.path, c.target, c.read_only) for c in container.copies),
        *(_mount("host_path", m.source, m.target, m.read_only) for m in container.guest_mounts),
    ]


def _mount(kind: str, source: str, target: str, read_only: bool) -> dict[str, Any]:
    mount = {kind: source, "container_path": target}
    return mount | {"read_only": True} if read_only else mount


def _logging(container: Container) -> dict[str, Any]:
    return {
        "log_driver": container.logging_driver or None,
        "log_opts": dict(readback.log_options(container)) or None,
    }
