"""One replica of a service, with everything decided."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os.path import abspath, dirname, normpath, relpath

from isolab.model import ENDED, FOR_EVER, GATEWAY, HEALTHY, Condition, Lab, Service
from isolab.plan import clusters
from isolab.plan.model import (
    HOST,
    BuiltImage,
    Container,
    Copy,
    File,
    HostFiles,
    Mount,
    PublishedPort,
)
from isolab.plan.network import addresses, networks
from isolab.plan.network.links import Link
from isolab.plan.network.ports import OpenPorts
from isolab.plan.placement import THE_HOST, Place

FILES = "/var/lib/isolab/files"
"""Where secrets and configs lie on a guest."""
_FOLDERS = {"secret": "", "config": "configs/"}
ANY_ADDRESS = ("", "0.0.0.0")


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What a container needs to know of the lab around it."""

    lab: Lab
    stack: str
    placed: Mapping[tuple[str, int], Place]
    names: Mapping[tuple[str, int], str]
    """Service and replica to the container's name."""
    calls: Mapping[tuple[str, int], tuple[Link, ...]]
    """Service and replica to the links that it dials."""
    called: Mapping[tuple[str, int], tuple[Link, ...]]
    """Service and replica to the links that lead to it."""
    addresses: Mapping[str, str]
    """Guest, or HOST, to address."""
    digests: Mapping[str, str]
    further: Mapping[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    """Where callers find a replica whose ports its guest's own address has already."""
    balanced: Mapping[str, Mapping[int, tuple[str, ...]]] = field(
        default_factory=dict[str, Mapping[int, tuple[str, ...]]]
    )
    """Service to those of its ports that balancers send requests to, with their containers."""
    builds: Mapping[str, BuiltImage] = field(default_factory=dict[str, BuiltImage])
    """Service to the image that is built for it."""
    host_files: Mapping[str, HostFiles] = field(default_factory=dict[str, HostFiles])
    """Source of a bind mount to what is there."""
    files: str = "/var/lib/isolab/files"
    """Where secrets and configs of services on the host lie, there."""
    open_ports: OpenPorts = field(default_factory=dict[tuple[str, int, int], int])
    """What published ports that the lab file leaves open became."""
    replicas: Mapping[str, Sequence[tuple[int, str]]] = field(init=False)
    """Service to its replicas and their guests."""
    ending: frozenset[str] = field(init=False)
    """Services whose end others wait for."""
    asked: frozenset[str] = field(init=False)
    """Services that others wait for to be healthy."""

    def __post_init__(self) -> None:
        replicas: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for (service, replica), where in self.placed.items():
            replicas[service].append((replica, where.name))
        object.__setattr__(self, "replicas", dict(replicas))
        for name, wanted in (("ending", ENDED), ("asked", HEALTHY)):
            found = frozenset(
                other
                for service in self.lab.services
                for other, condition in service.depends_on.items()
                if condition == wanted
            )
            object.__setattr__(self, name, found)


def container(layout: Layout, service: Service, replica: int) -> Container:
    """The container of a service's replica."""
    name = layout.names[service.name, replica]
    guest = layout.placed[service.name, replica].name
    me = (service.name, replica)
    crosses = service.name in layout.balanced or me in layout.calls or me in layout.called
    ends = service.name in layout.ending
    built = layout.builds.get(service.name) if service.build else None
    made = Container(
        name=name,
        service=service.name,
        replica=replica,
        guest=guest,
        image=service.image,
        digest=built.digest if built else layout.digests.get(service.image),
        build=built.source if built else "",
        slice=_slice(service, replica) if service.limits.pids else "",
        command=service.command,
        entrypoint=service.entrypoint,
        environment=_environment(layout, service, replica),
        ports=all_ports(layout, service, replica),
        networks=networks.attachments(layout.lab, service, crosses=crosses),
        mounts=_mounts(service, name),
        files=_files(layout, service, name, guest),
        copies=_copies(layout, service, name),
        tmpfs=tuple(sorted(_path_and_options(entry) for entry in service.tmpfs)),
        hosts=_hosts(layout, service, replica),
        depends_on=tuple(sorted(_dependencies(layout, service, guest))),
        restarts_with=tuple(sorted(_restarts_with(layout, service, guest))),
        healthcheck=service.healthcheck,
        restart="no" if ends and service.restart in FOR_EVER else service.restart,
        user=service.user,
        working_dir=_clean(service.working_dir),
        hostname="" if service.network_of else service.hostname or name,
        read_only=service.read_only,
        init=service.init,
        cap_add=_capabilities(service.cap_add),
        cap_drop=_capabilities(service.cap_drop),
        security_opt=tuple(sorted(set(service.security_opt))),
        ulimits=tuple(sorted(service.ulimits, key=lambda limit: limit.name)),
        sysctls=_sorted(service.sysctls),
        labels=_labels(layout, service, replica),
        stop_grace_period=service.stop_grace_period,
        stop_signal=service.stop_signal,
        logging_driver=service.logging_driver,
        logging_options=_sorted(service.logging_options),
        limits=service.limits,
        network_mode="none" if service.network_mode == "none" else "",
        network_of=layout.names[service.network_of, 1] if service.network_of else "",
        tty=service.tty,
        stdin_open=service.stdin_open,
        ends=ends,
        asked=service.name in layout.asked and service.healthcheck is None,
        shm_size=service.shm_size,
        cpu_shares=service.cpu_shares,
        cpuset=service.cpuset,
        domainname=_domainname(layout, service),
        group_add=tuple(sorted(set(service.group_add))),
        dns=tuple(dict.fromkeys(service.dns)),
        dns_search=tuple(dict.fromkeys(service.dns_search)),
        dns_opt=tuple(dict.fromkeys(service.dns_opt)),
        privileged=service.privileged,
        pid=service.pid,
        ipc=service.ipc,
        cgroup=service.cgroup,
        devices=tuple(sorted(service.devices, key=lambda device: device.target)),
        guest_mounts=tuple(sorted(service.guest_mounts, key=lambda mount: mount.target)),
    )
    return _on_the_host(made) if guest == HOST else made


def _on_the_host(container: Container) -> Container:
    """Beside the user's own: with the host's network and name, and as little else as can be."""
    return replace(
        container,
        networks=(),
        network_mode="host",
        hostname="",
        read_only=True,
        cap_drop=("ALL",),
        security_opt=(
            *(o for o in container.security_opt if not o.startswith("no-new-privileges")),
            "no-new-privileges:true",
        ),
    )


def _environment(layout: Layout, service: Service, replica: int) -> tuple[tuple[str, str], ...]:
    """Where it is, what a member of a cluster is told, and above both what the lab file says."""
    place = layout.placed[service.name, replica].name
    own = {"ISOLAB_GUEST": place, "ISOLAB_SERVICE": service.name, "ISOLAB_REPLICA": str(replica)}
    member = clusters.environment(layout.lab, service, replica, layout.placed, layout.addresses)
    return _sorted(own | dict(member) | dict(service.environment))


def _labels(layout: Layout, service: Service, replica: int) -> tuple[tuple[str, str], ...]:
    """The lab file's, and by which isolab finds its containers."""
    own = {
        "isolab.stack": layout.stack,
        "isolab.service": service.name,
        "isolab.replica": str(replica),
    }
    return _sorted(dict(service.labels) | own)


def _mounts(service: Service, container: str) -> tuple[Mount, ...]:
    return tuple(
        Mount(
            volume=volume.volume or _anonymous(container, volume.target),
            target=volume.target,
            read_only=volume.read_only,
        )
        for volume in sorted(service.volumes, key=lambda volume: volume.target)
    )


def _anonymous(container: str, target: str) -> str:
    """A volume of this container alone, found again when the container is recreated."""
    return f"{container}-{addresses.number('volume', target):016x}"[:60]


def container_name(service: Service, replica: int, stack: str, place: Place) -> str:
    """What a replica is called in Docker, in the plan and by those who look at it.

    On the host it stands beside other stacks' containers, and the user's own.
    """
    if place == THE_HOST:
        return f"isolab-{stack}-{service.name}-{replica}"
    return service.container_name or f"{service.name}-{replica}"


def _slice(service: Service, replica: int) -> str:
    """systemd reads a hyphen as "below": web-1's slice must not hold that of a service web-1.

    A dot becomes what no service's name has: a-b and a.b are two services.
    """
    return f"isolab-{service.name.replace('.', ':').replace('-', '.')}-{replica}.slice"


def published(layout: Layout, service: Service, replica: int) -> tuple[PublishedPort, ...]:
    """The ports that the lab file publishes for a replica."""
    where = layout.placed[service.name, replica]
    address = layout.addresses[where.name]
    ports = {
        PublishedPort(
            internal=port.target,
            external=port.published
            or (
                # Nothing stands between the host and what listens on it.
                port.target
                if where == THE_HOST
                else layout.open_ports[service.name, replica, port.target]
            ),
            protocol=port.protocol,
            ip=address if port.host_ip in ANY_ADDRESS else port.host_ip,
        )
        for port in service.ports
    }
    return tuple(sorted(ports, key=_port_order))


def linked(layout: Layout, service: Service, replica: int) -> tuple[PublishedPort, ...]:
    """The ports through which callers on other guests reach a replica."""
    address = _dialled(layout, (service.name, replica))
    callers: dict[int, set[str]] = {}
    for link in layout.called.get((service.name, replica), ()):
        for port in link.ports:
            callers.setdefault(port, set()).add(layout.names[link.caller])
    return tuple(
        PublishedPort(
            internal=port, external=port, protocol="tcp", ip=address, callers=tuple(sorted(names))
        )
        for port, names in sorted(callers.items())
    )


def _dialled(layout: Layout, callee: tuple[str, int]) -> str:
    own = layout.addresses[layout.placed[callee].name]
    return layout.further.get(callee, own)


def all_ports(layout: Layout, service: Service, replica: int) -> tuple[PublishedPort, ...]:
    """Both, each once, and those that only balancers need. The lab file's are open to everybody."""
    address = layout.addresses[layout.placed[service.name, replica].name]
    ports = {_port_order(port): port for port in linked(layout, service, replica)}
    ports |= {_port_order(port): port for port in published(layout, service, replica)}
    for target, callers in layout.balanced.get(service.name, {}).items():
        reached = [
            port
            for port in ports.values()
            if port.internal == target and port.protocol == "tcp" and port.ip == address
        ] or [
            PublishedPort(
                internal=target,
                external=layout.open_ports[service.name, replica, target],
                protocol="tcp",
                ip=address,
                callers=(),
            )
        ]
        for port in reached:
            if port.callers is not None:
                together = tuple(sorted({*port.callers, *callers}))
                ports[_port_order(port)] = replace(port, callers=together)
    return tuple(port for _, port in sorted(ports.items()))


def _port_order(port: PublishedPort) -> tuple[int, int, str, str]:
    return port.internal, port.external, port.protocol, port.ip


def _files(layout: Layout, service: Service, container: str, guest: str) -> tuple[File, ...]:
    """Each with a path of its own, also where one secret is mounted twice, with other modes."""
    secrets = {(secret.kind, secret.name): secret for secret in layout.lab.secrets}
    folder = layout.files if guest == HOST else FILES
    uses: Counter[str] = Counter()
    files: list[File] = []
    for file in sorted(service.files, key=lambda file: file.target):
        path = f"{folder}/{container}/{_FOLDERS[file.kind]}{file.source}"
        uses[path] += 1
        files.append(
            File(
                kind=file.kind,
                name=file.source,
                path=path if uses[path] == 1 else f"{path}~{uses[path]}",
                target=file.target,
                mode=file.mode,
                owner=file.owner,
                content=secrets[file.kind, file.source].content,
                encoded=secrets[file.kind, file.source].encoded,
            )
        )
    return tuple(files)


def _copies(layout: Layout, service: Service, container: str) -> tuple[Copy, ...]:
    """Each in a folder named after its content: what a container has mounted never changes."""
    copies: list[Copy] = []
    for bind in sorted(service.binds, key=lambda bind: bind.target):
        found = layout.host_files.get(bind.source, HostFiles())
        copies.append(
            Copy(
                source=relpath(bind.source, dirname(abspath(layout.lab.file))),
                path=f"{FILES}/{container}/copies/{found.digest[:16] or 'unknown'}/content",
                target=bind.target,
                read_only=bind.read_only,
                digest=found.digest,
                size=found.size,
            )
        )
    return tuple(copies)


def _hosts(layout: Layout, service: Service, replica: int) -> tuple[tuple[str, str], ...]:
    """Links to other guests, and what the lab file says of a name instead."""
    own = layout.addresses[layout.placed[service.name, replica].name]
    given = {(name, own if a == GATEWAY else a) for name, a in service.extra_hosts}
    linked = {
        link.name: _dialled(layout, link.callee)
        for link in layout.calls.get((service.name, replica), ())
    }
    names = {name for name, _ in given}
    return tuple(sorted(given | {(n, a) for n, a in linked.items() if n not in names}))


def _dependencies(layout: Layout, service: Service, guest: str) -> Iterator[tuple[str, Condition]]:
    """The replicas on the same guest, which is what waiting can see; all where none is there."""
    for name, condition in service.depends_on.items():
        replicas = layout.replicas.get(name, ())
        near = [(replica, place) for replica, place in replicas if place == guest]
        for replica, _ in near or replicas:
            yield layout.names[name, replica], condition


def _domainname(layout: Layout, service: Service) -> str:
    """Docker gives a container that has another one's network that one's names, too."""
    others = {other.name: other for other in layout.lab.services if service.network_of}
    return others.get(service.network_of, service).domainname


def _restarts_with(layout: Layout, service: Service, guest: str) -> Iterator[str]:
    """The replicas on the same guest: guests are made side by side, and follow no other one."""
    for name in service.restarts_with:
        for replica, place in layout.replicas.get(name, ()):
            if place == guest:
                yield layout.names[name, replica]


def _clean(path: str) -> str:
    """An absolute path as Docker keeps it: without "..", "." and what says nothing."""
    return f"/{normpath(path).lstrip('/')}" if path.startswith("/") else path


def _path_and_options(entry: str) -> tuple[str, str]:
    path, _, options = entry.partition(":")
    return path, options


def _capabilities(names: tuple[str, ...]) -> tuple[str, ...]:
    """With the prefix that Docker puts before them when it reads them back."""
    words = {name.upper().removeprefix("CAP_") for name in names}
    return tuple(sorted(word if word == "ALL" else f"CAP_{word}" for word in words))


def _sorted(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(values.items()))
