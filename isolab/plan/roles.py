"""What the resources of a lab are called in its Pulumi program, and what each is to people.

Components name their resources by a role, and whoever tells of resources finds the role by the
name: the one table says both. A name that changes replaces its resource.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """What a resource is for its owner: a guest, a container, a balancer, the host."""

    type: str
    """Pulumi's type; a command may run on the host or on a guest."""
    suffix: str
    """Behind its owner's name."""
    words: str
    """What it is, in a few words; {owner} is its owner's name."""
    within: tuple[str, ...]
    """The components that have such a resource."""
    more: bool = False
    """Whether something may follow that tells several of an owner apart."""

    def of(self, owner: str, more: str = "") -> str:
        """The name of the owner's resource."""
        return f"{owner}-{self.suffix}-{more}" if more else f"{owner}-{self.suffix}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The role that a resource has, and whose it is."""

    role: Role
    owner: str

    @property
    def words(self) -> str:
        """What the resource is."""
        return self.role.words.format(owner=self.owner)


COMMAND = "command"
"""Stands for both of Pulumi's types of commands, local and remote."""
_COMMANDS = ("command:local:Command", "command:remote:Command")
_HOST, _GUEST, _SERVICE, _BALANCER = ("Host",), ("Guest",), ("Service",), ("Balancer",)
_PLACED = (*_SERVICE, *_BALANCER)
"""The components whose containers are placed, on a guest or on the host."""
_VOLUME = "libvirt:index/volume:Volume"
_CONTAINER = "docker:index/container:Container"

LAB_NETWORK = Role(
    type="libvirt:index/network:Network", suffix="network", within=_HOST, words="network"
)
POOL = Role(type="libvirt:index/pool:Pool", suffix="pool", within=_HOST, words="storage pool")
BASE = Role(type=_VOLUME, suffix="base", within=_HOST, words="base image", more=True)
KERNEL = Role(type=_VOLUME, suffix="kernel", within=_HOST, words="kernel")
INITRD = Role(type=_VOLUME, suffix="initrd", within=_HOST, words="initrd")
ROOT = Role(type=_VOLUME, suffix="root", within=_GUEST, words="root disk")
DATA = Role(type=_VOLUME, suffix="data", within=_GUEST, words="data disk")
SEED = Role(type=_VOLUME, suffix="seed", within=_GUEST, words="cloud-init seed")
CLOUD_INIT_DISK = Role(
    type="libvirt:index/cloudInitDisk:CloudInitDisk",
    suffix="seed",
    within=_GUEST,
    words="cloud-init seed",
)
"""What a guest has instead of a seed that an earlier isolab has made."""
DOMAIN = Role(type="libvirt:index/domain:Domain", suffix="domain", within=_GUEST, words="domain")
READY = Role(type=COMMAND, suffix="ready", within=_GUEST, words="ready")
PACKAGES = Role(type=COMMAND, suffix="packages", within=_GUEST, words="packages")
FIREWALL = Role(type=COMMAND, suffix="firewall", within=_GUEST, words="firewall")
FILES = Role(type=COMMAND, suffix="files", within=_PLACED, words="files of {owner}")
COMPLETION = Role(type=COMMAND, suffix="completion", within=_SERVICE, words="end of {owner}")
HEALTH = Role(type=COMMAND, suffix="health", within=_SERVICE, words="health of {owner}")
ROLLOUT = Role(
    type=COMMAND, suffix="turn", within=_SERVICE, words="rolling update of {owner}", more=True
)
REGISTRY = Role(type=_CONTAINER, suffix="registry", within=_HOST, words="registry")
LOOPBACK = Role(
    type=_CONTAINER, suffix="registry-loopback", within=_HOST, words="registry on loopback"
)
ANSWERS = Role(type=COMMAND, suffix="registry-answers", within=_HOST, words="registry answers")
BALANCER = Role(
    type=_CONTAINER, suffix="balancer", within=_BALANCER, words="container {owner}-balancer"
)
IMAGE = Role(
    type="docker:index/remoteImage:RemoteImage", suffix="image", within=_PLACED, words="image"
)

ROLES = (
    LAB_NETWORK, POOL, BASE, KERNEL, INITRD, ROOT, DATA, SEED, CLOUD_INIT_DISK, DOMAIN,
    READY, PACKAGES, FIREWALL, FILES, COMPLETION, HEALTH, ROLLOUT, REGISTRY, LOOPBACK, ANSWERS,
    BALANCER, IMAGE,
)  # fmt: skip


def find(types: str, name: str) -> Found | None:
    """The role of a resource.

    None for those that are called as in Docker: a guest's networks and volumes, and containers of
    services.

    Args:
        types: Those of its parents and its own, as in its URN.
        name: As in its URN.
    """
    *parents, own = types.split("$")
    component = parents[-1].rsplit(":", 1)[-1] if parents else ""
    kind = COMMAND if own in _COMMANDS else own
    for role in ROLES:
        if role.type != kind or component not in role.within:
            continue
        tail = "(?:-.+)?" if role.more else ""
        if match := re.fullmatch(rf"(.+)-{role.suffix}{tail}", name):
            return Found(role=role, owner=match[1])
    return None
