"""What there is in a sandbox: everything that an interrupted command could leave behind."""

import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 30
"""Seconds for one question."""
SETTLING = 20
"""Seconds in which what ends by itself may end."""
EPHEMERAL = 32768
"""The first port that the kernel chooses by itself."""
LISTENS = "0A"
UNIX_LISTENS = "00010000"
_VIRSH = ("virsh", "-qc", "qemu:///system")
_NUMBERS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"(?<![0-9a-z])[0-9a-f]{10,}(?![0-9a-z])"), "HASH"),
    (re.compile(r"(?<=domain-)\d+"), "N"),
    (re.compile(r"(?<=veth)[0-9a-f]+|(?<=vnet)\d+"), "N"),
    (re.compile(r"(?<=/)\d+(?=/|$)"), "N"),
)
"""What differs each time that the same thing is made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """One thing that there is."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


Inventory = Counter[Thing]
"""How many there are of each thing."""


def take(temporary: Path, home: Path) -> Inventory:
    """What there is now.

    Args:
        temporary: Where the commands have their temporary files.
        home: Where isolab has its own.
    """
    return Counter(
        Thing(kind=kind, name=name)
        for kind, names in {
            "domain": _lines(*_VIRSH, "list", "--all", "--name"),
            "lab network": _lines(*_VIRSH, "net-list", "--all", "--name"),
            "pool": _lines(*_VIRSH, "pool-list", "--all", "--name"),
            "file": _files(Path("/var/lib/libvirt")),
            "container": _lines("docker", "ps", "-a", "--format", "{{.Names}} {{.State}}"),
            "Docker network": _lines("docker", "network", "ls", "--format", "{{.Name}}"),
            "Docker volume": _lines("docker", "volume", "ls", "--format", "{{.Name}}"),
            "process": _processes(),
            "socket": _sockets(),
            "mount": _mounts(),
            "interface": _interfaces(),
            "firewall rule": _rules(),
            "temporary file": _files(temporary),
            "unfinished file": _unfinished(home),
        }.items()
        for name in names
    )


def settled(look: Callable[[], Inventory], wanted: Inventory) -> Inventory:
    """What there is once it is as wanted, or once the time for that is over."""
    deadline = time.monotonic() + SETTLING
    while (found := look()) != wanted and time.monotonic() < deadline:
        time.sleep(1)
    return found


def more(found: Inventory, wanted: Inventory) -> tuple[str, ...]:
    """What there is beyond what is wanted."""
    return tuple(sorted(str(thing) for thing in (found - wanted).elements()))


def general(name: str) -> str:
    """A name without what differs each time."""
    for pattern, word in _NUMBERS:
        name = pattern.sub(word, name)
    return name


def listening(table: str) -> Iterator[str]:
    """Addresses and ports of a table of /proc/net; a port that the kernel chose has no number."""
    for line in table.splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        address, _, port = local.partition(":")
        if state == LISTENS:
            number = int(port, 16)
            yield f"{address}:{number if number < EPHEMERAL else 'chosen by the kernel'}"


def rule(line: str) -> str:
    """A line of a firewall's rules without its counters.

    A container that Docker starts again may get another address: where a port leads is left open.
    """
    counted = re.sub(r"\[\d+:\d+\]|packets \d+ bytes \d+", "", line).strip()
    return general(re.sub(r"(--to-destination|dnat to) [\d.]+:", r"\1 a container:", counted))


def _lines(*command: str) -> Iterator[str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        yield f"unknown: {error}"
        return
    if done.returncode:
        yield f"unknown: {done.stderr.strip()}"
        return
    yield from (line for line in done.stdout.splitlines() if line.strip())


def _files(folder: Path) -> Iterator[str]:
    for at, _, files in os.walk(folder):
        yield from (general(str(Path(at, file).relative_to(folder))) for file in files)


def _unfinished(home: Path) -> Iterator[str]:
    """Locks of the engine, and files that were to get another name."""
    for pattern in ("**/*.partial", "**/*.new", "**/*.tmp", "state/.pulumi/locks/**/*.json"):
        yield from (str(file.relative_to(home)) for file in home.glob(pattern))


def _processes() -> Iterator[str]:
    """All but this one and those that started it."""
    parents: dict[int, int] = {}
    names: dict[int, str] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        parents[int(entry.name)] = int(parent)
        if state != "Z" and words[0]:
            names[int(entry.name)] = _program(words)
    above = set(_above(os.getpid(), parents))
    yield from (name for pid, name in names.items() if pid not in above)


def _above(pid: int, parents: Mapping[int, int]) -> list[int]:
    found = [pid]
    while (pid := parents.get(pid, 0)) > 0:
        found.append(pid)
    return found


def _program(words: list[str]) -> str:
    """The program, and of an interpreter what it runs."""
    name = Path(words[0]).name
    if name.startswith(("python", "sh", "dash", "env")):
        return general(" ".join([name, *words[1:4]])[:100])
    return name


def _sockets() -> Iterator[str]:
    for protocol in ("tcp", "tcp6"):
        for each in listening(Path(f"/proc/net/{protocol}").read_text()):
            yield f"{protocol} {each}"
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if len(fields) == 8 and fields[3] == UNIX_LISTENS:
            yield general(fields[7])


def _mounts() -> Iterator[str]:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        yield general(line.split()[1])


def _interfaces() -> Iterator[str]:
    for line in Path("/proc/net/dev").read_text().splitlines()[2:]:
        yield general(line.partition(":")[0].strip())


def _rules() -> Iterator[str]:
    for kind, command in (
        ("iptables", ("iptables-save",)),
        ("ip6tables", ("ip6tables-save",)),
        ("nft", ("nft", "list", "ruleset")),
    ):
        for line in _lines(*command):
            if line.strip(" \t}") and not line.startswith("#"):
                yield f"{kind} {rule(line)}"
