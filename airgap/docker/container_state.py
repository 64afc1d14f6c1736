"""From what the daemon tells of a container to the state in the schema's form.

Each output is read back in the form in which the official plugin reads it back, also where that is
another than the program's: see tests/engine/records.
"""

from typing import Any

from airgap.docker.durations import NANO, written
from airgap.docker.labels import labels_of
from airgap.framework import Inputs, State

MIB = 2**20


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
    "gpus",
    "logs",
    "rm",
)
"""Outputs that belong to inputs which are refused."""
_UNREAD: State = {
    "attach": False,
    "bridge": "",
    "cpuPeriod": None,
    "cpuQuota": None,
    "deviceReadBps": [],
    "deviceReadIops": [],
    "deviceRequests": [],
    "deviceWriteBps": [],
    "deviceWriteIops": [],
    "gpus": None,
    "logs": False,
}
"""Outputs that are the same for every container here, in the form of the official plugin."""
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


def state_of(told: dict[str, Any], known: Inputs) -> State:
    """The outputs of a container, with what only the program knows taken over from `known`."""
    config, host = told["Config"], told["HostConfig"]
    return {
        **_UNREAD,
        **_only_known(known),
        **_configured(config, known),
        **_limited(host, known),
        **_permitted(host, known),
        **_connected(told, known),
        **_stored(told, known),
        **_logged(host, known),
        "exitCode": None if told["State"]["Running"] else told["State"]["ExitCode"],
        "image": _image(told, known),
        "maxRetryCount": host["RestartPolicy"].get("MaximumRetryCount", 0),
        "mustRun": told["State"]["Running"] if known.get("mustRun", True) else False,
        "name": told["Name"].lstrip("/"),
        "platform": told.get("Platform"),
        "restart": host["RestartPolicy"]["Name"] or "no",
        "rm": host["AutoRemove"],
        "runtime": host["Runtime"],
    }


def _asked(known: Inputs, name: str) -> bool:
    """Whether the program gives it; of a container made elsewhere all is told."""
    return bool(known.get(name)) or not known


def _configured(config: dict[str, Any], known: Inputs) -> State:
    """What runs, under which names, and how it stops."""
    return {
        "command": config.get("Cmd") or [],
        "domainname": config.get("Domainname", ""),
        "entrypoints": config.get("Entrypoint") or [],
        "envs": _envs(config, known),
        "healthcheck": _healthcheck(config),
        "hostname": config["Hostname"],
        "labels": known.get("labels", []) if known else labels_of(config.get("Labels"), known),
        "stdinOpen": config["OpenStdin"],
        "stopSignal": config.get("StopSignal") or "",
        # 0 is not handed on: the daemon tells none, and what was asked for stays.
        "stopTimeout": config.get("StopTimeout", known.get("stopTimeout")),
        "tty": config["Tty"],
        "user": config.get("User", ""),
        "workingDir": config.get("WorkingDir", ""),
    }


def _limited(host: dict[str, Any], known: Inputs) -> State:
    """How much memory, processor and so on it may use."""
    swap = host["MemorySwap"]
    return {
        "cgroupParent": host.get("CgroupParent") or None,
        "cpuSet": host.get("CpusetCpus", ""),
        "cpuShares": host.get("CpuShares", 0),
        "cpus": cpus(host["NanoCpus"]) if host.get("NanoCpus") else known.get("cpus"),
        "memory": host["Memory"] // MIB,
        "memoryReservation": host.get("MemoryReservation", 0) // MIB,
        "memorySwap": swap if swap < 0 else swap // MIB,
        "shmSize": host["ShmSize"] // MIB,
        "ulimits": [
            {"name": u["Name"], "soft": u["Soft"], "hard": u["Hard"]}
            for u in host.get("Ulimits") or []
            if _asked(known, "ulimits")
        ],
    }


def _permitted(host: dict[str, Any], known: Inputs) -> State:
    """What of the daemon's machine it may see and change."""
    return {
        "capabilities": _capabilities(host) or known.get("capabilities"),
        "cgroupnsMode": known.get("cgroupnsMode"),
        "devices": _devices(host),
        "groupAdds": host.get("GroupAdd") or [],
        "init": bool(host.get("Init")),
        "ipcMode": host.get("IpcMode", ""),
        "pidMode": host.get("PidMode") if known.get("pidMode") else None,
        "privileged": host["Privileged"],
        "readOnly": host["ReadonlyRootfs"],
        "securityOpts": host.get("SecurityOpt") or [],
        "sysctls": host.get("Sysctls") or {},
        "usernsMode": host.get("UsernsMode", ""),
    }


def _connected(told: dict[str, Any], known: Inputs) -> State:
    """Its networks and ports, and how it finds others."""
    host = told["HostConfig"]
    networks: dict[str, Any] = told["NetworkSettings"]["Networks"] or {}
    asked = known.get("networksAdvanced") or []
    return {
        "dns": host.get("Dns") or [],
        "dnsOpts": host.get("DnsOptions") or [],
        "dnsSearches": host.get("DnsSearch") or [],
        "hosts": _hosts(host),
        "networkDatas": [_network_data(name, each) for name, each in networks.items()],
        "networkMode": host["NetworkMode"],
        "networksAdvanced": [_NETWORK | each for each in asked] if known else _networks(told),
        "ports": _ports(told, known),
        "publishAllPorts": host.get("PublishAllPorts", False),
    }


def _stored(told: dict[str, Any], known: Inputs) -> State:
    """What is mounted in it, and what was put there."""
    host, asked = told["HostConfig"], known.get("volumes") or []
    return {
        "mounts": _mounts(host),
        "storageOpts": host.get("StorageOpt") or {},
        "tmpfs": host.get("Tmpfs") or {},
        "uploads": known.get("uploads") or _unless_found(known),
        "volumes": [_VOLUME | each for each in asked] if known else _volumes(told),
    }


def _logged(host: dict[str, Any], known: Inputs) -> State:
    told = host["LogConfig"]
    return {
        "logDriver": told["Type"],
        # The daemon's own options stand among them.
        "logOpts": (told.get("Config") or {}) if _asked(known, "logOpts") else {},
    }


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
    told = {name: known.get(name) for name in _PROGRAM_ONLY}
    return told | {"containerLogs": None, "wait": known.get("wait", False)}


def made(state: State, inputs: Inputs) -> State:
    """The state right after the creation: what no program asked for was not filled in yet."""
    unread = ("dns", "dnsOpts", "dnsSearches", "groupAdds", "storageOpts", "sysctls")
    return {
        **state,
        **{name: state[name] or None for name in unread},
        # As asked for yet: what the daemon makes of them shows at the next read.
        "capabilities": inputs.get("capabilities"),
        "hosts": inputs.get("hosts", []),
        "networksAdvanced": [
            {**_NETWORK, "gwPriority": None, **each} for each in inputs.get("networksAdvanced", ())
        ],
        "volumes": [{**_VOLUME, "readOnly": None, **each} for each in inputs.get("volumes", ())],
    }


def updated(state: State, inputs: Inputs) -> State:
    """The state after an update, which the official plugin does not read back."""
    lists = {
        "networksAdvanced": [_NETWORK | each for each in inputs.get("networksAdvanced", ())],
        "volumes": [_VOLUME | each for each in inputs.get("volumes", ())],
    }
    return {**state, **_UNSET, **inputs, **lists}


_UNSET: State = {
    "cpuSet": "",
    "cpuShares": 0,
    "maxRetryCount": 0,
    "memory": 0,
    "memoryReservation": 0,
    "memorySwap": 0,
    "restart": "no",
}
"""What can be changed in place, where the program says nothing of it any more."""


def _capabilities(host: dict[str, Any]) -> dict[str, list[str]] | None:
    told = {"adds": host.get("CapAdd") or [], "drops": host.get("CapDrop") or []}
    return told if any(told.values()) else None


def cpus(nano: int) -> str:
    """Billionths of a processor as the official plugin writes them: 1.0, 0.5, 10., 0.1 for 0.05.

    With nine digits behind the point; where that text holds exactly nine zeros, with one digit;
    else without the zeros at its end.
    """
    text = f"{nano // NANO}.{nano % NANO:09d}"
    return f"{nano / NANO:.1f}" if text.count("0") == 9 else text.rstrip("0")


def _healthcheck(config: dict[str, Any]) -> dict[str, Any] | None:
    told = config.get("Healthcheck")
    return told and {
        "interval": written(told.get("Interval", 0)),
        "retries": told.get("Retries", 0),
        "startInterval": written(told.get("StartInterval", 0)),
        "startPeriod": written(told.get("StartPeriod", 0)),
        "tests": told.get("Test") or [],
        "timeout": written(told.get("Timeout", 0)),
    }


def _devices(host: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "containerPath": each["PathInContainer"],
            "hostPath": each["PathOnHost"],
            "permissions": each["CgroupPermissions"],
        }
        for each in host.get("Devices") or []
    ]


def _mounts(host: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "bindOptions": None,
            "readOnly": each.get("ReadOnly", False),
            "source": each.get("Source", ""),
            "target": each["Target"],
            "tmpfsOptions": None,
            "type": each["Type"],
            "volumeOptions": None,
        }
        for each in host.get("Mounts") or []
    ]


def _ports(told: dict[str, Any], known: Inputs) -> list[dict[str, Any]] | None:
    """As they are published, by the port inside; the daemon has an order of its own for the rest.

    One that is to run and does not has none. Those of a container that was made elsewhere are not
    known: some may be its image's.
    """
    asked = known.get("ports")
    if not asked:
        return _unless_found(known)
    if not (told["State"]["Running"] or known.get("mustRun", True)):
        return asked
    published: dict[str, Any] = told["NetworkSettings"]["Ports"] or {}
    by_port = sorted(published.items(), key=lambda each: int(each[0].partition("/")[0]))
    return [
        {
            "external": int(binding["HostPort"]),
            "internal": int(port.partition("/")[0]),
            "ip": binding["HostIp"],
            "protocol": port.partition("/")[2],
        }
        for port, bindings in by_port
        for binding in bindings or []
    ]


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
    # An address of IPv6 is cut at its first colon, there as here.
    pairs = (each.split(":") for each in host.get("ExtraHosts") or [])
    return [{"host": name, "ip": address} for name, address, *_ in pairs]


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
