"""What a guest is told at its first boot: cloud-init's three documents, as text."""

import json
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path

from isolab.plan.model import Guest, Plan

COMMON = Path(__file__).parents[2] / "images" / "guest" / "common"
"""Files that every guest has. A prepared image has them inside, others get them at first boot."""
EXECUTABLE = "usr/local/lib/isolab/"
PACKAGES = ("docker.io", "apparmor")


def user_data(
    guest: Guest, plan: Plan, client_public: str, host_private: str, host_public: str
) -> str:
    """Who may log in, how the guest proves who it is, and, where the image lacks it, Docker."""
    config: dict[str, object] = {
        "hostname": guest.name,
        "disable_root": False,
        "users": [],
        "ssh_pwauth": False,
        "ssh_authorized_keys": [client_public],
        "ssh_deletekeys": True,
        # Known beforehand, so that the first connection is already a checked one.
        "ssh_keys": {"ed25519_private": host_private, "ed25519_public": host_public},
    }
    if plan.image and plan.image.prepared:
        config["write_files"] = [_resolver(plan)]
    else:
        config |= {
            "write_files": [_common(name) for name in _common_files()],
            "package_update": True,
            "packages": list(PACKAGES),
        }
    return f"#cloud-config\n{json.dumps(config, indent=1)}\n"


def meta_data(guest: Guest, plan: Plan) -> str:
    """Which guest this is; another address makes it another instance, which takes it up at boot."""
    network = sha256(network_config(guest, plan).encode()).hexdigest()[:12]
    lines = [f"instance-id: {guest.domain}-{network}", f"local-hostname: {guest.name}"]
    if plan.image and plan.image.prepared:
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
