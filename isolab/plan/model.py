"""The plan's dataclasses: the one description that components, drawings, diffs and lessons read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from isolab import rights
from isolab.model import HOST as HOST
from isolab.model import (
    CloudInit,
    Condition,
    Device,
    GuestMount,
    Healthcheck,
    Limits,
    Outside,
    Ulimit,
)
from isolab.units import MiB, Seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestImage:
    """A disk image that guests overlay, with what is in it."""

    digest: str
    """sha256 of what it was made from; names the files, changes when the content does."""
    disk: str
    """Path of the qcow2 on the host."""
    virtual_size: MiB
    """A root disk cannot be smaller."""
    prepared: bool
    """Docker and the boot settings are inside; otherwise cloud-init installs them at first boot."""
    kernel: str | None = None
    """Path for direct kernel boot; None boots from the disk."""
    initrd: str | None = None
    arguments: tuple[str, ...] = ()
    """The kernel's command line, for direct boot: ("root=/dev/vda", "ro", "quiet")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostFiles:
    """A file or folder of the host that guests get a copy of."""

    digest: str = ""
    """sha256 of its content, modes and owners; empty where it was not looked at."""
    size: int = 0
    """Bytes in its files."""
    problem: str = ""
    """Why it cannot be copied; empty where it can."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltImage:
    """An image that the lab file builds."""

    source: str
    """sha256 of what it is made from."""
    digest: str | None
    """sha256:… in the lab's registry; None where this source is not built yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A subnet that somebody else on the machine has."""

    cidr: str
    owner: str
    """In words: libvirt network default."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningDomain:
    """A virtual machine that runs on the host, isolab's or not."""

    name: str
    memory: MiB
    growth: MiB
    """What its disks may still take of the host's."""
    files: tuple[str, ...] = ()
    """Of its disks. A name does not tell whose a domain is: `isolab-a-b-1` fits a and a-b."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """What the physical host has for a lab, and what others there have taken of it."""

    memory: MiB
    cpus: int
    free_disk: MiB
    """Where the pool lies, or will."""
    networks: tuple[Taken, ...] = ()
    """Of everybody but the stack itself."""
    has_subnet: bool = False
    """Whether the stack has chosen its subnet already."""
    listening: tuple[tuple[str, int], ...] = ()
    """Addresses and TCP ports that somebody listens on; none where the stack itself is there."""
    cpu_models: tuple[str, ...] = ()
    """Processors that libvirt knows; none where it could not be asked."""
    running: tuple[RunningDomain, ...] = ()
    """Domains that run, those of the stack too."""
    available: MiB | None = None
    """Memory that could be had now without swapping; None where it is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a plan needs to know from outside the lab file."""

    stack: str
    cidr: str | None = None
    """The stack's subnet once chosen; None derives it from the stack's name."""
    kvm: bool = False
    """Whether KVM works on the host."""
    machine: Machine | None = None
    """The host; None checks the lab file alone."""
    guest_image: GuestImage | None = None
    images: Mapping[str, GuestImage] = field(default_factory=dict[str, GuestImage])
    """Images of the user's own, by their paths from the lab file."""
    digests: Mapping[str, str] = field(default_factory=dict[str, str])
    """Image as written in the lab file to its sha256:… in the lab's registry."""
    builds: Mapping[str, BuiltImage] = field(default_factory=dict[str, BuiltImage])
    """Service to the image that is built for it."""
    host_files: Mapping[str, HostFiles] = field(default_factory=dict[str, HostFiles])
    """Absolute path of a bind mount's source to what is there."""
    files: str = "/var/lib/isolab/files"
    """The host's folder for the files of the stack's own containers on the host."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LabNetwork:
    """The libvirt network between host and guests."""

    name: str
    bridge: str
    """At most 15 characters (IFNAMSIZ)."""
    cidr: str
    gateway: str
    """The host's address on it."""
    domain: str
    """DNS suffix of the guests."""
    outside: Outside = "open"
    """What guests reach outside; open is what plans of older versions were."""
    host_ports: tuple[str, ...] = ()
    """What the lab file opens on the gateway besides the lab's own ports: 3142/tcp."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """The libvirt storage pool of the stack's volumes."""

    name: str
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Registry:
    """The lab's image registry, a container on the host."""

    name: str
    address: str
    """Gateway address on the lab network: where guests pull."""
    port: int
    loopback_port: int
    """On 127.0.0.1: where the host pushes."""

    @property
    def endpoint(self) -> str:
        """host:port as it stands in an image reference."""
        return f"{self.address}:{self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedPort:
    """A container's port, reachable on its guest's address, or the host's."""

    internal: int
    external: int
    protocol: Literal["tcp", "udp"]
    ip: str
    """The guest's address it listens on."""
    callers: tuple[str, ...] | None = None
    """The containers that may dial it, by name; None is everybody on the lab network."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """A container on one of its guest's Docker networks."""

    network: str
    """The Docker network's name."""
    aliases: tuple[str, ...]
    address: str = ""
    """Its own there: fixed, so that the guest can tell who calls. Empty lets Docker choose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """A Docker volume in a container."""

    volume: str
    """The Docker volume's name."""
    target: str
    read_only: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A secret or config, written to the guest and mounted read-only into the container."""

    kind: Literal["secret", "config"]
    name: str
    path: str
    """Absolute path on the guest."""
    target: str
    """Absolute path in the container."""
    mode: int
    content: str | None
    """None derives it from the stack's seed."""
    encoded: bool = False
    """Whether content is base64, of bytes that are no text."""
    owner: str = ""
    """Numbers of user and group, as 1000:1000; empty is root."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """A file or folder of the host, copied to the guest and mounted into the container."""

    source: str
    """Relative to the lab file's folder."""
    path: str
    """Absolute path on the guest; another one when the content is another."""
    target: str
    """Absolute path in the container."""
    read_only: bool
    digest: str
    """sha256 of its content, modes and owners; empty where nobody looked."""
    size: int
    """Bytes in its files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """One replica of a service, in Docker on one guest."""

    name: str
    """Unique in the lab and the container's name in Docker: web-1."""
    service: str
    replica: int
    guest: str
    """The guest's name, or HOST."""
    image: str
    """As in the lab file."""
    digest: str | None
    """sha256:… in the lab's registry; None where it is not known yet."""
    build: str = ""
    """sha256 of what its image is built from; empty where the lab file builds none."""
    slice: str
    """systemd slice on the guest that holds the pids limit; empty where there is none."""
    command: tuple[str, ...] | None
    entrypoint: tuple[str, ...] | None
    environment: tuple[tuple[str, str], ...]
    """Sorted by name."""
    ports: tuple[PublishedPort, ...]
    networks: tuple[Attachment, ...]
    mounts: tuple[Mount, ...]
    files: tuple[File, ...]
    copies: tuple[Copy, ...] = ()
    tmpfs: tuple[tuple[str, str], ...]
    """Path to mount options."""
    hosts: tuple[tuple[str, str], ...]
    """Further host names it knows: links to other guests, extra_hosts."""
    depends_on: tuple[tuple[str, Condition], ...]
    """Container names that must be there first."""
    restarts_with: tuple[str, ...] = ()
    """Containers on the same guest whose recreation recreates it."""
    healthcheck: Healthcheck | None
    restart: str
    user: str
    working_dir: str
    hostname: str
    read_only: bool
    init: bool
    cap_add: tuple[str, ...]
    """With the CAP_ prefix, as Docker reads them back."""
    cap_drop: tuple[str, ...]
    security_opt: tuple[str, ...]
    ulimits: tuple[Ulimit, ...]
    sysctls: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    stop_grace_period: Seconds
    stop_signal: str
    logging_driver: str
    logging_options: tuple[tuple[str, str], ...]
    limits: Limits
    network_mode: Literal["", "none", "host"] = ""
    """none: only its own loopback; host: what runs on the host itself has its network."""
    network_of: str = ""
    """The container on the same guest whose network, name and hosts it has; empty: its own."""
    tty: bool = False
    stdin_open: bool = False
    ends: bool = False
    """Others wait for it to exit with 0."""
    asked: bool = False
    """Others wait for it to be healthy, by its image's own healthcheck."""
    shm_size: MiB = MiB(0)
    """Of /dev/shm; 0 is Docker's own."""
    guest_mounts: tuple[GuestMount, ...] = ()
    """Files and folders of the guest itself."""
    cpu_shares: int = 0
    """0 is Docker's own."""
    cpuset: str = ""
    domainname: str = ""
    group_add: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    """Name servers; without any, those of the guest."""
    dns_search: tuple[str, ...] = ()
    dns_opt: tuple[str, ...] = ()
    privileged: bool = False
    pid: str = ""
    """host: the guest's processes."""
    ipc: str = ""
    cgroup: str = ""
    devices: tuple[Device, ...] = ()
    """Of the guest."""

    @property
    def host_rights(self) -> Mapping[str, str]:
        """Of a container on the host: what it has of it beyond its network, by key, in words."""
        if self.guest != HOST:
            return {}
        return rights.on_the_host(
            cap_add=self.cap_add, security_opt=self.security_opt, user=self.user
        )

    @property
    def called(self) -> frozenset[str]:
        """The names by which services that share a network call it."""
        aliases = (alias for attached in self.networks for alias in attached.aliases)
        return frozenset((self.service, *aliases))


@dataclass(frozen=True, kw_only=True, slots=True)
class GuestNetwork:
    """A service network on one guest: a Docker bridge that ends at the guest's border."""

    name: str
    internal: bool
    subnet: str = ""
    """Known on its guest alone, like the network itself. Empty lets Docker choose."""
    bridge: str = ""
    """Its interface on the guest, where that has a name of its own; empty lets Docker choose."""
    separated: bool = False
    """Whether its containers are separated from each other."""
    gateway: str = ""
    """Its own address, where the lab file gives it a subnet; empty is the subnet's first."""
    ip_range: str = ""
    """The part of the subnet for addresses that nobody chose; empty is all of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Guest:
    """One virtual machine: a base OS and Docker, nothing else."""

    name: str
    """Unique in the lab; also its hostname."""
    group: str
    domain: str
    """Its libvirt domain: unique on the host."""
    address: str
    mac: str
    memory: MiB
    vcpus: int
    disk: MiB
    data: MiB | None
    networks: tuple[GuestNetwork, ...]
    volumes: tuple[str, ...]
    """Docker volumes on it."""
    containers: tuple[Container, ...]
    image: str = ""
    """The key of its image in the plan's `images`; empty boots from the lab's own."""
    cpu: str = ""
    """host-passthrough, host-model or a model's name; empty is what is quick here."""
    cloud_init: CloudInit = CloudInit()
    """What the lab file adds to its first boot."""
    further_addresses: tuple[str, ...] = ()
    """Where callers find those of its containers whose ports its own address has already."""
    privileged: bool = False
    """Whether its containers may hold the guest itself."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its own, and the further ones."""
        return (self.address, *self.further_addresses)


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """One replica that a balancer sends requests to."""

    container: str
    guest: str
    address: str
    port: int
    """The port on its guest's address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """The requests that go to one service."""

    path: str
    """Prefix of the URL's path, "/" for all that no other route takes; "" in tcp mode."""
    service: str
    check: str
    """Path that is asked whether a backend is healthy; empty for a TCP connection alone."""
    backends: tuple[Backend, ...]
    name: str = ""
    """What the balancer calls these backends together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Balancer:
    """A load balancer in front of replicated services, outside their guests."""

    name: str
    mode: Literal["http", "tcp"]
    sticky: bool
    """Whether a client stays with the backend that it met first."""
    address: str
    """Where it listens."""
    listen: int
    statistics: int | None
    """Port of its statistics page on loopback, where there is one."""
    statistics_address: str = "127.0.0.1"
    """The loopback address of that page: one of the stack's own."""
    routes: tuple[Route, ...]
    container: Container
    """What runs it, on HOST or on a guest of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """Replicas that keep the same data together."""

    name: str
    engine: str
    service: str
    members: tuple[str, ...]
    """Container names, one a guest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """Where a person or program outside the guests reaches a service."""

    service: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A lab with everything decided."""

    stack: str
    name: str
    description: str
    libvirt: str
    kvm: bool
    """Guests run under KVM; otherwise under TCG."""
    network: LabNetwork
    pool: Pool
    registry: Registry
    image: GuestImage | None
    guests: tuple[Guest, ...]
    endpoints: tuple[Endpoint, ...]
    host_containers: tuple[Container, ...] = ()
    """Services that the lab file places on the host itself; balancers are not among them."""
    balancers: tuple[Balancer, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    images: Mapping[str, GuestImage] = field(default_factory=dict[str, GuestImage])
    """Images of the user's own that guests boot from, as far as they are known."""
    autostart: bool = False
    """libvirt starts the guests at its own start, hence with the host."""

    @property
    def containers(self) -> tuple[Container, ...]:
        """All containers of services on guests, guest by guest."""
        return tuple(container for guest in self.guests for container in guest.containers)

    def with_containers(self, other: Callable[[Container], Container]) -> "Plan":
        """The plan with another form of each service's containers, on guests and on the host."""
        return replace(
            self,
            guests=tuple(
                replace(guest, containers=tuple(map(other, guest.containers)))
                for guest in self.guests
            ),
            host_containers=tuple(map(other, self.host_containers)),
        )

    @property
    def at(self) -> Mapping[str, Guest]:
        """Each guest by its addresses."""
        return {address: guest for guest in self.guests for address in guest.addresses}

    def image_of(self, guest: Guest) -> GuestImage | None:
        """What a guest boots from; None where it is not known yet."""
        return self.images.get(guest.image) if guest.image else self.image
