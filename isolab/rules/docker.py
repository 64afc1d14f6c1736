"""Rules about values that Docker or the kernel of a guest would refuse, minutes later."""

import re
from collections.abc import Iterator

from isolab.model import Lab, Path, Problem
from isolab.rules.hosted import hosted
from isolab.rules.problem import item, problem, unknown, warning
from isolab.units import MiB

CAPABILITIES = (
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
)
ULIMITS = (
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
)
SYSCTLS = re.compile(
    r"net\..+|fs\.mqueue\..+|kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)"
)
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?"
IMAGE = re.compile(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?",
    re.ASCII,
)
LEAST_MEMORY = MiB(6)
"""What Docker asks of a memory limit."""


def images_are_references(lab: Lab) -> Iterator[Problem]:
    """Docker's grammar: small letters, an optional tag, an optional digest."""
    for service in lab.services:
        path = ("services", service.name, "image")
        if path in lab.positions and not IMAGE.fullmatch(service.image):
            hint = "for example nginx:1 or registry.example.org/shop/web:1; no capital letters"
            yield problem(lab, path, f"{service.image!r} is not an image reference", hint)


def names_are_known(lab: Lab) -> Iterator[Problem]:
    """Capabilities and limits that no kernel has."""
    for service in lab.services:
        path = ("services", service.name)
        for key, names in {"cap_add": service.cap_add, "cap_drop": service.cap_drop}.items():
            for index, name in enumerate(names):
                if name.upper().removeprefix("CAP_") not in CAPABILITIES:
                    where = (*path, key, index)
                    yield unknown(lab, where, "capability", name.upper(), CAPABILITIES)
        for limit in service.ulimits:
            if limit.name not in ULIMITS:
                yield unknown(lab, (*path, "ulimits", limit.name), "ulimit", limit.name, ULIMITS)


def sysctls_are_the_containers_own(lab: Lab) -> Iterator[Problem]:
    """Other kernel parameters are the guest's, and Docker sets none of these."""
    for service in lab.services:
        path = ("services", service.name, "sysctls")
        for index, name in enumerate(service.sysctls):
            if not SYSCTLS.fullmatch(name):
                yield problem(
                    lab,
                    item(lab, path, name, index),
                    f"{name} cannot be set for one container",
                    "set it for the guest: cloud_init.write_files, in /etc/sysctl.d",
                )


def settings_are_taken(lab: Lab) -> Iterator[Problem]:
    """Single settings, each by its receiver's rule."""
    for service in lab.services:
        path: Path = ("services", service.name)
        if service.working_dir and not service.working_dir.startswith("/"):
            message = f"{service.working_dir!r} given, expected an absolute path"
            yield problem(lab, (*path, "working_dir"), message, f"/{service.working_dir}")
        if len(service.hostname) > 63:
            message = f"{len(service.hostname)} characters, expected at most 63"
            yield problem(lab, (*path, "hostname"), message)
        memory = service.limits.memory
        if memory is not None and memory < LEAST_MEMORY:
            short, long = (*path, "mem_limit"), (*path, "deploy", "resources", "limits", "memory")
            where = short if short in lab.positions else long
            yield problem(
                lab, where, f"{memory} MiB given, Docker wants {LEAST_MEMORY} MiB at least"
            )
        for index, mount in enumerate((*service.volumes, *service.binds, *service.guest_mounts)):
            if mount.target == "/":
                yield problem(lab, (*path, "volumes", index), "a volume cannot be mounted at /")
        for name in service.environment:
            if not name or "=" in name:
                where = item(lab, (*path, "environment"), name, 0)
                yield problem(lab, where, f"{name!r} is not a valid variable name")


def addresses_are_a_guests(lab: Lab) -> Iterator[Problem]:
    """Guests run without IPv6, so Docker can bind none of its addresses."""
    for service in lab.services:
        for index, port in enumerate(service.ports):
            if ":" in port.host_ip:
                yield problem(
                    lab,
                    item(lab, ("services", service.name, "ports"), "", index),
                    f"{port.host_ip} is an IPv6 address, and guests have none",
                    "leave the address out",
                )


def loopback_is_the_guests(lab: Lab) -> Iterator[Problem]:
    """In Compose, whoever wrote the file reaches such a port; here only who is on the guest."""
    on_the_host = {service.name for service in hosted(lab)}
    for service in lab.services:
        for index, port in enumerate(service.ports):
            if port.host_ip.startswith("127.") and service.name not in on_the_host:
                yield warning(
                    lab,
                    item(lab, ("services", service.name, "ports"), "", index),
                    f"{port.host_ip} is the guest's loopback: nothing outside the guest reaches it",
                    "remove the address: the port is then open on the lab's network",
                )
