"""A container's inputs as Docker takes them: its creation, its limits, its files."""

import base64
import io
import tarfile
from typing import Any

from docker.types import LogConfig, Mount, Ulimit

from airgap.docker.connection import Connection
from airgap.docker.container_state import MIB
from airgap.docker.durations import NANO, nanoseconds
from airgap.docker.labels import labels_to
from airgap.framework import Inputs


def creation(client: Connection, inputs: Inputs) -> dict[str, Any]:
    """The inputs as Docker takes them."""
    ports = inputs.get("ports") or []
    health = inputs.get("healthcheck")
    return {
        "image": inputs["image"],
        "name": inputs["name"],
        "command": inputs.get("command"),
        "entrypoint": inputs.get("entrypoints"),
        "environment": inputs.get("envs"),
        "hostname": inputs.get("hostname"),
        "domainname": inputs.get("domainname"),
        "user": inputs.get("user"),
        "working_dir": inputs.get("workingDir"),
        "labels": labels_to(inputs),
        "tty": inputs.get("tty", False),
        "stdin_open": inputs.get("stdinOpen", False),
        "stop_signal": inputs.get("stopSignal"),
        "stop_timeout": inputs.get("stopTimeout") or None,
        "ports": [(port["internal"], port["protocol"]) for port in ports] or None,
        "healthcheck": health
        and {
            "test": health.get("tests"),
            "interval": nanoseconds(health.get("interval")),
            "timeout": nanoseconds(health.get("timeout")),
            "retries": health.get("retries"),
            "start_period": nanoseconds(health.get("startPeriod")),
        },
        "host_config": _host_config(client, inputs),
    }


def _host_config(client: Connection, inputs: Inputs) -> dict[str, Any]:
    host: dict[str, Any] = client.api.create_host_config(
        restart_policy=restart_policy(inputs),
        **_limits(inputs),
        **_permissions(inputs),
        **_connections(inputs),
        **_storage(inputs),
        **_logging(inputs),
    )
    if inputs.get("cgroupnsMode"):
        host["CgroupnsMode"] = inputs["cgroupnsMode"]
    return host


def _limits(inputs: Inputs) -> dict[str, Any]:
    """How much memory, processor and so on it may use."""
    return {
        "mem_limit": inputs.get("memory", 0) * MIB or None,
        "memswap_limit": swap_limit(inputs),
        "mem_reservation": inputs.get("memoryReservation", 0) * MIB or None,
        "nano_cpus": round(float(inputs["cpus"]) * NANO) if inputs.get("cpus") else None,
        "cpu_shares": inputs.get("cpuShares"),
        "cpuset_cpus": inputs.get("cpuSet"),
        "cgroup_parent": inputs.get("cgroupParent"),
        "shm_size": inputs.get("shmSize", 0) * MIB or None,
        "ulimits": [Ulimit(**limit) for limit in inputs.get("ulimits") or []] or None,
    }


def _permissions(inputs: Inputs) -> dict[str, Any]:
    """What of the daemon's machine it may see and change."""
    capabilities = inputs.get("capabilities") or {}
    return {
        "privileged": inputs.get("privileged", False),
        "read_only": inputs.get("readOnly"),
        "init": inputs.get("init"),
        "ipc_mode": inputs.get("ipcMode"),
        "pid_mode": inputs.get("pidMode"),
        "userns_mode": inputs.get("usernsMode"),
        "runtime": inputs.get("runtime"),
        "cap_add": _full_names(capabilities.get("adds")),
        "cap_drop": _full_names(capabilities.get("drops")),
        "security_opt": inputs.get("securityOpts"),
        "sysctls": inputs.get("sysctls"),
        "group_add": inputs.get("groupAdds"),
        "devices": [
            f"{d['hostPath']}:{d.get('containerPath') or d['hostPath']}:{d['permissions']}"
            for d in inputs.get("devices") or []
        ]
        or None,
    }


def _connections(inputs: Inputs) -> dict[str, Any]:
    """Its ports, and how it finds others; the networks themselves come behind its creation."""
    return {
        "network_mode": inputs["networkMode"],
        "port_bindings": _bindings(inputs),
        "publish_all_ports": inputs.get("publishAllPorts", False),
        "dns": inputs.get("dns"),
        "dns_opt": inputs.get("dnsOpts"),
        "dns_search": inputs.get("dnsSearches"),
        "extra_hosts": [f"{h['host']}:{h['ip']}" for h in inputs.get("hosts") or []] or None,
    }


def _storage(inputs: Inputs) -> dict[str, Any]:
    """What is mounted in it."""
    volumes = inputs.get("volumes") or []
    return {
        "binds": [
            f"{v.get('volumeName') or v['hostPath']}:{v['containerPath']}"
            f"{':ro' if v.get('readOnly') else ':rw'}"
            for v in volumes
            if v.get("volumeName") or v.get("hostPath")
        ]
        or None,
        "volumes_from": [v["fromContainer"] for v in volumes if v.get("fromContainer")] or None,
        "mounts": [
            Mount(m["target"], m.get("source"), m["type"], m.get("readOnly", False))
            for m in inputs.get("mounts") or []
        ]
        or None,
        "tmpfs": inputs.get("tmpfs"),
        "storage_opt": inputs.get("storageOpts"),
    }


def _logging(inputs: Inputs) -> dict[str, Any]:
    driver, options = inputs.get("logDriver"), inputs.get("logOpts")
    if not (driver or options):
        return {}
    return {
        "log_config": LogConfig(type=inputs.get("logDriver", "json-file"), config=options or {})
    }


def _full_names(capabilities: list[str] | None) -> list[str] | None:
    """As Docker's own clients send them: with CAP_ before each but ALL."""
    names = {name.upper().removeprefix("CAP_") for name in capabilities or []}
    return sorted(name if name == "ALL" else f"CAP_{name}" for name in names) or None


def _bindings(inputs: Inputs) -> dict[str, Any] | None:
    bindings: dict[str, Any] = {}
    for port in inputs.get("ports") or []:
        place = (port.get("ip") or "0.0.0.0", port.get("external"))
        bindings.setdefault(f"{port['internal']}/{port['protocol']}", []).append(place)
    return bindings or None


def restart_policy(inputs: Inputs) -> dict[str, Any]:
    policy: dict[str, Any] = {"Name": inputs.get("restart", "no")}
    if policy["Name"] == "on-failure":
        policy["MaximumRetryCount"] = inputs.get("maxRetryCount", 0)
    return policy


def swap_limit(inputs: Inputs) -> int | None:
    swap = inputs.get("memorySwap")
    return swap if swap is None or swap < 0 else swap * MIB


def connect_networks(client: Connection, id: str, inputs: Inputs) -> None:
    """The networks that were asked for, in the place of the one that all have by default.

    The container's network mode stays "bridge", which is what the official plugin reads back.
    """
    networks = inputs.get("networksAdvanced") or []
    if networks and inputs["networkMode"] == "bridge":
        client.api.disconnect_container_from_network(id, "bridge")
    for network in networks:
        client.api.connect_container_to_network(
            id,
            network["name"],
            aliases=network.get("aliases"),
            ipv4_address=network.get("ipv4Address"),
            ipv6_address=network.get("ipv6Address"),
        )


def upload(client: Connection, id: str, inputs: Inputs) -> None:
    for upload in inputs.get("uploads") or []:
        content = (
            base64.b64decode(upload["contentBase64"])
            if "contentBase64" in upload
            else upload.get("content", "").encode()
        )
        entry = tarfile.TarInfo(upload["file"].lstrip("/"))
        entry.size = len(content)
        usual = "0744" if upload.get("executable") else "0644"
        entry.mode = int(upload.get("permissions", usual), 8)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            archive.addfile(entry, io.BytesIO(content))
        client.api.put_archive(id, "/", buffer.getvalue())
