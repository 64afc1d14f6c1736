"""What a container takes, and which changes Docker can make in place."""

from airgap.docker.labels import LABELS
from airgap.framework.schema import BOOLEAN, INTEGER, STRING, Bag, Field, Kind, List, Map, Object


def _fixed(kind: object, **more: object) -> Field:
    return Field(kind, replaces=True, **more)  # type: ignore[arg-type]


def _set_of(kind: Kind) -> List:
    return List(kind, ordered=False)


CAPABILITIES = Object({"adds": Field(_set_of(STRING)), "drops": Field(_set_of(STRING))})
HEALTHCHECK = Object(
    {
        "tests": Field(List(STRING)),
        "interval": Field(STRING),
        "timeout": Field(STRING),
        "retries": Field(INTEGER),
        "startPeriod": Field(STRING, default="0s"),
        "startInterval": Field(STRING, default="0s"),
    }
)
NETWORK = Object(
    {
        "name": Field(STRING, required=True),
        "aliases": Field(_set_of(STRING)),
        "ipv4Address": Field(STRING),
        "ipv6Address": Field(STRING),
    },
    instead={
        "driverOpts": "options of the network",
        "gwPriority": "networks in the order of their names, which Docker goes by",
        "linkLocalIps": "ipv4Address",
        "macAddress": "ipv4Address",
    },
)
PORT = Object(
    {
        "internal": Field(INTEGER, required=True),
        "external": Field(INTEGER),
        "ip": Field(STRING, default="0.0.0.0"),
        "protocol": Field(STRING, default="tcp"),
    }
)
VOLUME = Object(
    {
        "containerPath": Field(STRING),
        "hostPath": Field(STRING),
        "volumeName": Field(STRING),
        "fromContainer": Field(STRING),
        "readOnly": Field(BOOLEAN),
    },
    instead={"selinuxRelabel": "a folder that is labelled already"},
)
MOUNT = Object(
    {
        "target": Field(STRING, required=True),
        "type": Field(STRING, required=True),
        "source": Field(STRING),
        "readOnly": Field(BOOLEAN),
    },
    instead={
        "bindOptions": "volumes",
        "tmpfsOptions": "tmpfs of the container",
        "volumeOptions": "a Volume with what it needs",
    },
)
DEVICE = Object(
    {
        "hostPath": Field(STRING, required=True),
        "containerPath": Field(STRING),
        "permissions": Field(STRING, default="rwm"),
    }
)
HOST = Object({"host": Field(STRING, required=True), "ip": Field(STRING, required=True)})
ULIMIT = Object(
    {
        "name": Field(STRING, required=True),
        "soft": Field(INTEGER, required=True),
        "hard": Field(INTEGER, required=True),
    }
)
UPLOAD = Object(
    {
        "file": Field(STRING, required=True),
        "content": Field(STRING),
        "contentBase64": Field(STRING),
        "executable": Field(BOOLEAN),
        "permissions": Field(STRING),
    },
    instead={
        "source": "content, with what the program read from the file",
        "sourceHash": "content, whose change shows by itself",
    },
)

LEFT_AS_THEY_ARE = (
    "command",
    "entrypoints",
    "envs",
    "healthcheck",
    "hostname",
    "init",
    "ipcMode",
    "labels",
    "logDriver",
    "runtime",
    "securityOpts",
    "shmSize",
    "stopSignal",
    "stopTimeout",
    "user",
    "workingDir",
)
"""Inputs whose absence is no change: the container keeps what it has."""
INPUTS = Object(
    {
        "name": _fixed(STRING, auto_name=True),
        "image": _fixed(STRING, required=True),
        "capabilities": _fixed(CAPABILITIES),
        "cgroupParent": _fixed(STRING),
        "cgroupnsMode": _fixed(STRING),
        "command": _fixed(List(STRING)),
        "containerReadRefreshTimeoutMilliseconds": Field(INTEGER, default=15000),
        "cpuSet": Field(STRING),
        "cpuShares": Field(INTEGER),
        "cpus": _fixed(STRING),
        "destroyGraceSeconds": Field(INTEGER),
        "devices": _fixed(_set_of(DEVICE)),
        "dns": _fixed(_set_of(STRING)),
        "dnsOpts": _fixed(_set_of(STRING)),
        "dnsSearches": _fixed(_set_of(STRING)),
        "domainname": _fixed(STRING),
        "entrypoints": _fixed(List(STRING)),
        "envs": _fixed(_set_of(STRING)),
        "groupAdds": _fixed(_set_of(STRING)),
        "healthcheck": Field(HEALTHCHECK),
        "hostname": _fixed(STRING),
        "hosts": _fixed(_set_of(HOST)),
        "init": Field(BOOLEAN),
        "ipcMode": _fixed(STRING),
        "labels": _fixed(LABELS),
        "logDriver": _fixed(STRING),
        "logOpts": _fixed(Map(STRING)),
        "maxRetryCount": Field(INTEGER),
        "memory": Field(INTEGER),
        "memoryReservation": Field(INTEGER),
        "memorySwap": Field(INTEGER, unasked=False),
        "mounts": _fixed(_set_of(MOUNT)),
        "mustRun": Field(BOOLEAN, default=True),
        "networkMode": _fixed(STRING, default="bridge"),
        "networksAdvanced": _fixed(Bag(NETWORK)),
        "pidMode": _fixed(STRING),
        "ports": _fixed(List(PORT)),
        "privileged": _fixed(BOOLEAN),
        "publishAllPorts": _fixed(BOOLEAN),
        "readOnly": _fixed(BOOLEAN),
        "removeVolumes": Field(BOOLEAN, default=True),
        "restart": Field(STRING),
        "runtime": _fixed(STRING),
        "securityOpts": _fixed(_set_of(STRING)),
        "shmSize": _fixed(INTEGER),
        "start": Field(BOOLEAN, default=True),
        "stdinOpen": _fixed(BOOLEAN),
        "stopSignal": _fixed(STRING),
        "stopTimeout": _fixed(INTEGER),
        "storageOpts": _fixed(Map(STRING)),
        "sysctls": _fixed(Map(STRING)),
        "tmpfs": Field(Map(STRING)),
        "tty": _fixed(BOOLEAN),
        "ulimits": _fixed(_set_of(ULIMIT)),
        "uploads": _fixed(_set_of(UPLOAD)),
        "user": _fixed(STRING),
        "usernsMode": _fixed(STRING),
        "volumes": _fixed(_set_of(VOLUME)),
        "wait": Field(BOOLEAN),
        "waitTimeout": Field(INTEGER, default=60),
        "workingDir": _fixed(STRING),
    },
    instead={
        "attach": "the daemon's logs",
        "logs": "the daemon's logs",
        "rm": "restart: no",
        "gpus": "no device: this plugin passes none on",
        "deviceRequests": "no device: this plugin passes none on",
        **{
            f"device{way}{what}": "a disk of its own for the guest: none is throttled here"
            for way in ("Read", "Write")
            for what in ("Bps", "Iops")
        },
        "cpuPeriod": "cpus",
        "cpuQuota": "cpus",
        "platform": "an image for the daemon's platform",
    },
)
