"""What a guest is told at its first boot: cloud-init's three documents, as text."""

import json
import shlex
from collections.abc import Sequence
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path

import msgspec

from isolab.model import CloudInit, GuestFile, GuestUser
from isolab.plan.model import Guest, Plan

COMMON = Path(__file__).parents[3] / "images" / "guest" / "common"
"""Files that every guest has. A prepared image has them inside, others get them at first boot."""
EXECUTABLE = "usr/local/lib/isolab/"
PACKAGES = ("docker.io", "apparmor")
SETTLE = """\
systemctl is-active --quiet isolab-data-disk ||
{ systemctl daemon-reload && systemctl restart docker; }"""
"""A Docker that was in the image has started by then, without its data disk and its settings."""


def user_data(
    guest: Guest, plan: Plan, client_public: str, host_private: str, host_public: str
) -> str:
    """Who may log in, how the guest proves who it is, and, where the image lacks it, Docker.

    What the lab file adds comes first: of two files at one place, the last one stays.
    """
    added, prepared = guest.cloud_init, _prepared(guest, plan)
    files = [_added_file(file, defer=not prepared) for file in added.write_files]
    config: dict[str, object] = {
        "hostname": guest.name,
        "disable_root": False,
        "users": [_added_user(user) for user in added.users],
        "ssh_pwauth": False,
        "ssh_authorized_keys": [client_public],
        "ssh_deletekeys": True,
        # Known beforehand, so that the first connection is already a checked one.
        "ssh_keys": {"ed25519_private": host_private, "ed25519_public": host_public},
    }
    if prepared:
        config["write_files"] = [*files, _resolver(plan)]
        if added.users:
            # Not among those that a prepared image runs; owners of files have to be there first.
            config["cloud_init_modules"] = ["users-groups", "write-files", "ssh"]
    else:
        config |= {
            "write_files": [*files, *(_common(name) for name in _common_files())],
            # Not cloud-init's own list: that asks a mirror also where the image has them all.
            "runcmd": [["sh", "-c", _install([*PACKAGES, *added.packages])], SETTLE],
        }
    return f"#cloud-config\n{json.dumps(config, indent=1)}\n"


def install(guest: Guest, plan: Plan) -> str:
    """The script that installs a prepared guest's further packages; empty where there are none.

    A prepared image runs cloud-init before it has a network.
    """
    if not guest.cloud_init.packages or not _prepared(guest, plan):
        return ""
    return _install(guest.cloud_init.packages)


def root_disk(guest: Guest) -> str:
    """Its volume's name: another cloud-init makes another disk, since it runs on a new one only."""
    if guest.cloud_init == CloudInit():
        return f"{guest.name}-root"
    digest = sha256(msgspec.json.encode(guest.cloud_init, order="deterministic")).hexdigest()
    return f"{guest.name}-root-{digest[:12]}"


def meta_data(guest: Guest, plan: Plan) -> str:
    """Which guest this is; another address makes it another instance, which takes it up at boot."""
    network = sha256(network_config(guest, plan).encode()).hexdigest()[:12]
    lines = [f"instance-id: {guest.domain}-{network}", f"local-hostname: {guest.name}"]
    if _prepared(guest, plan):
        # All of cloud-init in its first stage: a prepared image runs no other.
        lines.append("dsmode: local")
    return "".join(f"{line}\n" for line in lines)


def network_config(guest: Guest, plan: Plan) -> str:
    """The guest's static address, on the interface with its MAC address."""
    length = ip_network(plan.network.cidr).prefixlen
    interface = {
        "match": {"macaddress": guest.mac},
        "dhcp4": False,
        "addresses": [f"{guest.address}/{length}"],
        "gateway4": plan.network.gateway,
        "nameservers": {"addresses": [plan.network.gateway], "search": [plan.network.domain]},
    }
    return f"{json.dumps({'version': 2, 'ethernets': {'lab': interface}}, indent=1)}\n"


def _prepared(guest: Guest, plan: Plan) -> bool:
    image = plan.image_of(guest)
    return image is not None and image.prepared


def _install(packages: Sequence[str]) -> str:
    names = shlex.join(packages)
    return f"""\
export DEBIAN_FRONTEND=noninteractive
dpkg --status {names} >/dev/null 2>&1 && exit 0
apt-get -q update || {{ echo "isolab: this guest reaches no package mirror" >&2; exit 1; }}
apt-get -q install --yes --no-install-recommends {names}
"""


def _added_user(user: GuestUser) -> dict[str, object]:
    """Without PAM sshd refuses an account that is locked with "!"; "*" is no password either."""
    told: dict[str, object] = {
        "name": user.name,
        "shell": user.shell,
        "lock_passwd": False,
        "passwd": "*",
    }
    if user.gecos:
        told["gecos"] = user.gecos
    if user.groups:
        told["groups"] = list(user.groups)
    if user.sudo:
        told["sudo"] = user.sudo
    if user.ssh_authorized_keys:
        told["ssh_authorized_keys"] = list(user.ssh_authorized_keys)
    return told


def _added_file(file: GuestFile, *, defer: bool) -> dict[str, object]:
    """Its owner may be one of the users, who come after the files in cloud-init's own order."""
    told: dict[str, object] = {
        "path": file.path,
        "content": file.content,
        "permissions": f"{file.permissions:04o}",
        "owner": file.owner,
    }
    return told | ({"defer": True} if defer and file.owner != "root:root" else {})


def _resolver(plan: Plan) -> dict[str, str]:
    """A prepared image has no resolver service: it asks the lab network's DNS directly."""
    content = f"nameserver {plan.network.gateway}\nsearch {plan.network.domain}\n"
    return {"path": "/etc/resolv.conf", "content": content}


def _common_files() -> list[str]:
    """Paths below COMMON, as they are in the guest without the first slash."""
    files = sorted(path for path in COMMON.rglob("*") if path.is_file())
    return [path.relative_to(COMMON).as_posix() for path in files]


def _common(name: str) -> dict[str, str]:
    return {
        "path": f"/{name}",
        "content": (COMMON / name).read_text(),
        "permissions": "0755" if name.startswith(EXECUTABLE) else "0644",
    }
