"""From what the daemon tells of a container to the state in the schema's form."""

from typing import Any

from airgap.docker.labels import labels_of
from airgap.framework import Inputs, State

MIB = 2**20
NANO = 10**9


def state_of(told: dict[str, Any], known: Inputs) -> State:
    """The outputs of a container, with what only the program knows taken over from `known`."""
    config, host = told["Config"], told["HostConfig"]
    networks: dict[str, Any] = told["NetworkSettings"]["Networks"] or {}
    swap = host["MemorySwap"]
    return {
        **_only_known(known),
        "attach": False,
        "bridge": "",
        "capabilities": _capabilities(host, known),
        "cgroupParent": host.get("CgroupParent") or None,
        "cgroupnsMode": known.get("cgroupnsMode"),
        "command": config.get("Cmd"),
        "cpuPeriod": None,
        "cpuQuota": None,
        "cpuSet": host.get("CpusetCpus", ""),
        "cpuShares": host.get("CpuShares", 0),
        "cpus": _cpus(host, known),
        "deviceReadBps": [],
        "deviceReadIops": [],
        "deviceRequests": [],
        "deviceWriteBps": [],
        "deviceWriteIops": [],
        "devices": [],
        "dns": host.get("Dns") or None,
        "dnsOpts": None,
        "dnsSearches": None,
        "domainname": config.get("Domainname", ""),
        "entrypoints": config.get("Entrypoint"),
        "envs": _envs(config, known),
        "exitCode": None if told["State"]["Running"] else told["State"]["ExitCode"],
        "gpus": None,
        "groupAdds": host.get("GroupAdd") or None,
        "healthcheck": known.get("healthcheck"),
        "hostname": config["Hostname"],
        "hosts": _hosts(host),
        "image": _image(told, known),
        "init": bool(host.get("Init")),
        "ipcMode": host.get("IpcMode", ""),
        "labels": labels_of(config.get("Labels"), known),
        "logDriver": host["LogConfig"]["Type"],
        "logOpts": host["LogConfig"].get("Config") or None,
        "logs": False,
        "maxRetryCount": host["RestartPolicy"].get("MaximumRetryCount", 0),
        "memory": host["Memory"] // MIB,
        "memoryReservation": host.get("MemoryReservation", 0) // MIB,
        "memorySwap": swap if swap < 0 else swap // MIB,
        "mounts": known.get("mounts") or _unless_found(known),
        "mustRun": told["State"]["Running"] if known.get("mustRun", True) else False,
        "name": told["Name"].lstrip("/"),
        "networkDatas": [_network_data(name, each) for name, each in networks.items()],
        "networkMode": known.get("networkMode"),
        "networksAdvanced": [_NETWORK | each for each in known.get("networksAdvanced") or []]
        if known
        else _networks(told),
        "pidMode": host.get("PidMode") or None,
        "platform": told.get("Platform"),
        "ports": known.get("ports") if told["State"]["Running"] else None,
        "privileged": host["Privileged"],
        "publishAllPorts": host.get("PublishAllPorts", False),
        "readOnly": host["ReadonlyRootfs"],
        "restart": host["RestartPolicy"]["Name"] or "no",
        "rm": host["AutoRemove"],
        "runtime": host["Runtime"],
        "securityOpts": host.get("SecurityOpt") or [],
        "shmSize": host["ShmSize"] // MIB,
        "stdinOpen": config["OpenStdin"],
        "stopSignal": known.get("stopSignal", ""),
        "stopTimeout": config.get("StopTimeout"),
        "storageOpts": host.get("StorageOpt"),
        "sysctls": host.get("Sysctls") or None,
        "tmpfs": host.get("Tmpfs"),
        "tty": config["Tty"],
        "ulimits": [
            {"name": u["Name"], "soft": u["Soft"], "hard": u["Hard"]}
            for u in host.get("Ulimits") or []
        ],
        "uploads": known.get("uploads") or _unless_found(known),
        "user": config.get("User", ""),
        "usernsMode": host.get("UsernsMode", ""),
        "volumes": [_VOLUME | each for each in known.get("volumes") or []]
        if known
        else _volumes(told),
        "workingDir": config.get("WorkingDir", ""),
    }


UNFILLED = (
    "attach",
    "containerLogs",
    "cpuPeriod",
    "cpuQuota",
    "deviceReadBps",
    "deviceReadIops",
    "deviceRequests",
    "deviceWriteBps",
    "deviceWriteIops",
    "devices",
    "dnsOpts",
    "dnsSearches",
    "gpus",
    "logs",
    "rm",
)
"""Outputs that belong to inputs which are refused."""
_NETWORK: dict[str, Any] = {
    "aliases": [],
    "driverOpts": [],
    "gwPriority": 0,
    "ipv4Address": "",
    "ipv6Address": "",
    "linkLocalIps": [],
    "macAddress": "",
}
_VOLUME: dict[str, Any] = {
    "containerPath": "",
    "fromContainer": "",
    "hostPath": "",
    "readOnly": False,
    "selinuxRelabel": "",
    "volumeName": "",
}
_PROGRAM_ONLY = (
    "containerReadRefreshTimeoutMilliseconds",
    "destroyGraceSeconds",
    "removeVolumes",
    "start",
    "wait",
    "waitTimeout",
)


def _unless_found(known: Inputs) -> list[Any] | None:
    """Nothing for a container that a program made; what an import has is not known."""
    return [] if known else None


def _networks(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of a container that was made elsewhere, but for the one that all have by default."""
    found = {n: each for n, each in told["NetworkSettings"]["Networks"].items() if n != "bridge"}
    return [
        _NETWORK
        | {
            "name": name,
            "aliases": [a for a in each.get("Aliases") or [] if not told["Id"].startswith(a)],
            "ipv4Address": (each.get("IPAMConfig") or {}).get("IPv4Address", ""),
        }
        for name, each in sorted(found.items())
    ]


def _volumes(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of a container that was made elsewhere, without what its image asks for."""
    asked = {bind.split(":")[1] for bind in told["HostConfig"].get("Binds") or []}
    return [
        _VOLUME
        | {
            "containerPath": each["Destination"],
            "readOnly": not each["RW"],
            "volumeName": each.get("Name", "") if each["Type"] == "volume" else "",
            "hostPath": each["Source"] if each["Type"] == "bind" else "",
        }
        for each in told.get("Mounts") or []
        if each["Destination"] in asked
    ]


def _only_known(known: Inputs) -> State:
    """What Docker does not keep: how the program wants the container made and removed."""
    return {name: known.get(name) for name in _PROGRAM_ONLY} | {"containerLogs": None}


def _capabilities(host: dict[str, Any], known: Inputs) -> Any:
    """As they were asked for: Docker adds CAP_ to some names, which is no change."""
    asked = known.get("capabilities") or {}
    told = {"adds": host.get("CapAdd") or [], "drops": host.get("CapDrop") or []}
    if not any(told.values()):
        return None

    def plain(names: list[str]) -> list[str]:
        return sorted(name.removeprefix("CAP_") for name in names)

    return {
        way: asked.get(way) if plain(asked.get(way) or []) == plain(names) else names
        for way, names in told.items()
        if names or asked.get(way)
    }


def _cpus(host: dict[str, Any], known: Inputs) -> str | None:
    nano, asked = host.get("NanoCpus") or 0, known.get("cpus")
    if asked is not None and round(float(asked) * NANO) == nano:
        return asked
    return f"{nano / NANO:g}" if nano else None


def _envs(config: dict[str, Any], known: Inputs) -> list[str]:
    """Those that were asked for; the image's own are read back among them."""
    told = config.get("Env") or []
    asked = known.get("envs")
    return told if asked is None else [each for each in asked if each in told]


def _image(told: dict[str, Any], known: Inputs) -> str:
    """As asked for, as long as the container runs what that name meant when it was made."""
    asked = known.get("image")
    running = (told["Image"], told["Config"]["Image"])
    return asked if asked and asked in running else told["Image"]


def _hosts(host: dict[str, Any]) -> list[dict[str, str]]:
    pairs = (each.split(":", 1) for each in host.get("ExtraHosts") or [])
    return [{"host": name, "ip": address} for name, address in pairs]


def _network_data(name: str, told: dict[str, Any]) -> dict[str, Any]:
    return {
        "gateway": told["Gateway"],
        "globalIpv6Address": told["GlobalIPv6Address"],
        "globalIpv6PrefixLength": told["GlobalIPv6PrefixLen"],
        "ipAddress": told["IPAddress"],
        "ipPrefixLength": told["IPPrefixLen"],
        "ipv6Gateway": told["IPv6Gateway"],
        "macAddress": told["MacAddress"],
        "networkName": name,
    }
