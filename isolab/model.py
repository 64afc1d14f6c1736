"""What the user said: a lab file after syntax, before any decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from isolab.units import MiB, Seconds
from isolab.visible import visible

Condition = Literal["service_started", "service_healthy", "service_completed_successfully"]
HEALTHY: Condition = "service_healthy"
ENDED: Condition = "service_completed_successfully"
Virtualization = Literal["auto", "kvm", "tcg"]
Strategy = Literal["spread", "pack"]
Severity = Literal["error", "warning"]
Security = Literal["compose", "hardened"]
Outside = Literal["internet", "open", "lan", "none"]
"""What guests reach outside: public addresses, all, private ones, nothing."""
HOST = "host"
"""Where a service runs that no guest holds: the physical host itself."""
GATEWAY = "host-gateway"
"""Instead of an address: the machine that the container's Docker runs on."""
FOR_EVER = ("always", "unless-stopped")
"""Restart policies under which a container never ends by itself."""
Path = tuple[str | int, ...]
"""Where in the lab file: ("services", "web", "ports", 0)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """A place in a file, counted from 1 as editors do."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that is wrong with a lab file, and what would be right."""

    position: Position
    path: str
    """Dotted, as a reader would say it: services.web.ports[0]."""
    message: str
    """What is wrong and what was expected."""
    hint: str = ""
    """What to do, where there is something to say."""
    severity: Severity = "error"
    """A warning is a choice that one may make: the lab can be built."""

    def __str__(self) -> str:
        place = f"{self.position.file}:{self.position.line}:{self.position.column}"
        place += ": warning" if self.severity == "warning" else ""
        words = f"{self.path}: {self.message}" if self.path else self.message
        return visible(f"{place}: {words}" + (f" ({self.hint})" if self.hint else ""))


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """The physical host of the guests."""

    libvirt: str = "qemu:///system"
    virtualization: Virtualization = "auto"
    autostart: bool = False
    """Guests start with the host."""
    trusted: bool = False
    """Whether services on the host may have capabilities, profiles of their own, and be root."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestUser:
    """A user that a guest has beside root; logs in by key alone."""

    name: str
    gecos: str = ""
    groups: tuple[str, ...] = ()
    shell: str = "/bin/sh"
    sudo: str = ""
    """A line of sudoers without the name: ALL=(ALL) NOPASSWD:ALL."""
    ssh_authorized_keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestFile:
    """A file that a guest has from its first boot on."""

    path: str
    """Absolute, on the guest."""
    content: str
    permissions: int = 0o644
    owner: str = "root:root"


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudInit:
    """What a guest is told at its first boot beside what isolab itself needs."""

    users: tuple[GuestUser, ...] = ()
    packages: tuple[str, ...] = ()
    write_files: tuple[GuestFile, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestGroup:
    """Guests that are alike: app with count 2 makes app-1 and app-2."""

    name: str
    """Of an exception, its guest's own name."""
    count: int = 1
    memory: MiB = MiB(1024)
    vcpus: int = 1
    disk: MiB = MiB(8192)
    """The root disk's size."""
    data: MiB | None = None
    """The data disk's size; none where the group has no data disk."""
    image: str = ""
    """A cloud image of the user's own, a path from the lab file; empty is isolab's."""
    cpu: str = ""
    """host-passthrough, host-model or a model's name; empty lets the plan choose."""
    cloud_init: CloudInit = CloudInit()
    privileged: bool = False
    """Whether its services may hold the guest itself: its devices, processes and kernel."""
    exceptions: Mapping[int, "GuestGroup"] = field(default_factory=dict[int, "GuestGroup"])
    """Guests that are not like the others, by their numbers."""

    def guest(self, number: int) -> "GuestGroup":
        """What one guest of the group is like."""
        return self.exceptions.get(number, self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """Where the replicas of a service run."""

    targets: tuple[str, ...]
    """Guest groups, guests, or HOST."""
    strategy: Strategy = "spread"
    """spread goes round the guests; pack fills one before it takes the next."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Port:
    """A port of a service, published on its guest."""

    target: int
    published: int | None
    """None lets the plan choose."""
    protocol: Literal["tcp", "udp"] = "tcp"
    host_ip: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeMount:
    """A volume in a container."""

    volume: str
    """Its name at the top level of the lab file; empty is anonymous, each container its own."""
    target: str
    read_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class BindMount:
    """A file or folder of the host in a container; a guest sees none, so it gets a copy."""

    source: str
    """Absolute path on the host."""
    target: str
    """Absolute path in the container."""
    read_only: bool = False
    missing: bool = False
    """Whether nothing was there when the lab file was read: an empty folder takes its place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestMount:
    """A file or folder of the guest itself in a container: its Docker's socket, its processes."""

    source: str
    """Absolute path on the guest."""
    target: str
    """Absolute path in the container."""
    read_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """An image that is built on the host from a local folder."""

    context: str
    """Absolute path of the folder, which was there when the lab file was read."""
    dockerfile: str = "Dockerfile"
    """Relative to the context, or absolute."""
    args: Mapping[str, str] = field(default_factory=dict[str, str])
    target: str = ""
    """Stage to stop at; empty is the last one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileMount:
    """A secret or a config as a file in a container."""

    kind: Literal["secret", "config"]
    source: str
    """Its name at the top level of the lab file."""
    target: str
    """Absolute path in the container."""
    mode: int = 0o444
    owner: str = ""
    """Numbers of user and group, as 1000:1000; empty is root."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Healthcheck:
    """How Docker finds out whether a container is healthy."""

    test: tuple[str, ...]
    """In Docker's form: ("CMD", …), ("CMD-SHELL", …) or ("NONE",)."""
    interval: Seconds = Seconds(30.0)
    timeout: Seconds = Seconds(30.0)
    retries: int = 3
    start_period: Seconds = Seconds(0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one container may use; None is no limit of its own."""

    memory: MiB | None = None
    cpus: float | None = None
    pids: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ulimit:
    """One resource limit of the container's processes."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """A device of the guest in a container."""

    source: str
    """Absolute path on the guest."""
    target: str
    """Absolute path in the container."""
    permissions: str = "rwm"
    """Read, write, mknod."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One service in Compose's sense; each of its replicas is a container of its own."""

    name: str
    image: str
    """What its containers run; built under this name where `build` says from what."""
    build: Build | None = None
    replicas: int = 1
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    ports: tuple[Port, ...] = ()
    expose: tuple[int, ...] = ()
    networks: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Network name to further aliases there (the service's name is always one)."""
    addresses: Mapping[str, str] = field(default_factory=dict[str, str])
    """Network to the address that it has there; without one, isolab chooses."""
    network_mode: str = ""
    """none: no network but the container's own loopback; bridge: one of all who say so;
    service:NAME: that of another service's container.
    """
    volumes: tuple[VolumeMount, ...] = ()
    binds: tuple[BindMount, ...] = ()
    guest_mounts: tuple[GuestMount, ...] = ()
    files: tuple[FileMount, ...] = ()
    tmpfs: tuple[str, ...] = ()
    """Each as in Compose: /path or /path:options."""
    shm_size: MiB = MiB(0)
    """Of /dev/shm; 0 is Docker's own."""
    depends_on: Mapping[str, Condition] = field(default_factory=dict[str, Condition])
    restarts_with: tuple[str, ...] = ()
    """Those of depends_on whose recreation recreates it."""
    healthcheck: Healthcheck | None = None
    restart: str = "no"
    user: str = ""
    working_dir: str = ""
    hostname: str = ""
    container_name: str = ""
    """The container's name in Docker; empty is SERVICE-REPLICA."""
    platform: str = ""
    """linux/amd64, or empty for what the guest is."""
    read_only: bool = False
    init: bool = False
    tty: bool = False
    stdin_open: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()
    security: Security | None = None
    """Whose defaults restart, cap_drop and security_opt have; None is the lab's, not yet said."""
    ulimits: tuple[Ulimit, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict[str, str])
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    extra_hosts: tuple[tuple[str, str], ...] = ()
    """Names with an address, or GATEWAY; a name may have several."""
    stop_grace_period: Seconds = Seconds(10.0)
    stop_signal: str = ""
    logging_driver: str = ""
    logging_options: Mapping[str, str] = field(default_factory=dict[str, str])
    limits: Limits = Limits()
    cpu_shares: int = 0
    """Its weight among the guest's containers; 0 is Docker's own, 1024."""
    cpuset: str = ""
    """Processors of the guest that it may use, as 0-1,3; empty is all."""
    domainname: str = ""
    group_add: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    """Name servers instead of the guest's."""
    dns_search: tuple[str, ...] = ()
    dns_opt: tuple[str, ...] = ()
    privileged: bool = False
    pid: str = ""
    """host: the guest's processes."""
    ipc: str = ""
    cgroup: str = ""
    devices: tuple[Device, ...] = ()

    @property
    def network_of(self) -> str:
        """The service whose container's network it has; empty where it has one of its own."""
        kind, _, name = self.network_mode.partition(":")
        return name if kind == "service" else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subnet:
    """The addresses of a network of services, each as it is written."""

    subnet: str
    gateway: str = ""
    """The bridge's own address on each guest; empty is the subnet's first."""
    ip_range: str = ""
    """The part of the subnet that services get their addresses of; empty is all of it."""
    reserved: tuple[str, ...] = ()
    """Addresses that no service gets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceNetwork:
    """A network of services; internal has no way out."""

    name: str
    internal: bool = False
    external: bool = False
    """Whether the file takes it as made by somebody else; the lab makes it."""
    subnet: Subnet | None = None
    """Its addresses on each guest; None lets isolab choose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """A secret or config of the lab."""

    name: str
    kind: Literal["secret", "config"]
    content: str | None
    """None is `external: true`: derived from the stack's seed, never written down."""
    encoded: bool = False
    """Whether content is base64, of bytes that are no text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BalancedRoute:
    """The requests of a balancer that go to one service."""

    path: str
    """Prefix of the URL's path; "/" takes what no other route does, "" is all in tcp mode."""
    service: str
    port: int | None = None
    """The service's; None where it names one only."""
    check: str = ""
    """Path that is asked whether a replica is healthy; empty for a TCP connection alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Balancer:
    """A load balancer in front of replicas, outside their guests."""

    name: str
    mode: Literal["http", "tcp"]
    listen: int
    address: str = ""
    """Where it listens; empty is the address of what it runs on in the lab's network."""
    routes: tuple[BalancedRoute, ...] = ()
    sticky: bool = False
    placement: str = "host"
    """The host, a guest, or a group of one guest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """Replicas of a service that keep the same data together."""

    name: str
    engine: str
    service: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lab:
    """A whole lab file."""

    name: str
    file: str
    description: str = ""
    host: Host = Host()
    security: Security = "compose"
    """Whose defaults services have that do not say it themselves."""
    cidr: str | None = None
    """None is `auto`: derived from the stack's name."""
    outside: Outside = "internet"
    host_ports: tuple[str, ...] = ()
    """Ports of the host that guests reach besides the lab's own: 3142/tcp."""
    guests: tuple[GuestGroup, ...] = ()
    services: tuple[Service, ...] = ()
    disabled: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Services that are not there, to the profiles that would bring them."""
    networks: tuple[ServiceNetwork, ...] = ()
    volumes: tuple[str, ...] = ()
    external_volumes: tuple[str, ...] = ()
    """Those that the file takes as made by somebody else; the lab makes them."""
    secrets: tuple[Secret, ...] = ()
    placement: Mapping[str, Placement] = field(default_factory=dict[str, Placement])
    """Service, or "*" for all that have none of their own."""
    balancers: tuple[Balancer, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    notes: tuple[Problem, ...] = field(default=(), repr=False, compare=False)
    """Warnings of what was read: it means something else here than in Compose."""
    positions: Mapping[Path, Position] = field(
        default_factory=dict[Path, Position], repr=False, compare=False
    )
    """Where each key stands; rules look their problems' places up here."""

    def position(self, *path: str | int) -> Position:
        """The place of a key, or of the nearest one above it that the file has."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.positions:
                return self.positions[path[:end]]
        return Position(file=self.file, line=1, column=1)
