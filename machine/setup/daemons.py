"""The daemons under a lab: those that answer are used, the others started."""

import os
import shlex
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from machine import paths
from machine.host import access, answers, kvm
from machine.host.privilege import as_root
from machine.steps import Report, Step, Unable, run

Way = Literal["systemd", "hand"]
Standing = Literal["answers", "silent", "unasked"]
"""Unasked is one that listens, to a user who may not ask it."""
TIMEOUT = 60.0
"""Seconds a daemon has to answer."""
LIBVIRT = "qemu:///system"
DOCKER = "unix:///var/run/docker.sock"
ONE_TRY = 10.0
"""Seconds for one answer of a daemon that was just started."""
PING = struct.pack(">7I", 28, 0x6B656570, 1, 1, 2, 0, 0)
"""libvirt's keepalive message (src/rpc/virkeepalive.c), which each of its daemons answers alike."""
NULL = (1, 3)
"""Device number of /dev/null, which stands in for a /dev/kvm that is hidden."""
HIDE_KVM = (
    "[ -e /run/isolab-no-kvm ] || mknod -m 000 /run/isolab-no-kvm c 1 3; "
    "mount --bind /run/isolab-no-kvm /dev/kvm"
)
"""Shell command that hides /dev/kvm in this mount namespace.

libvirtd takes its memory of what QEMU can for outdated as long as QEMU's user may open /dev/kvm,
so the stand-in has to be one that nobody may open: /dev/null itself costs 8 s at each question.
A plain file does not do: libvirtd cannot carry it over into a guest's own /dev.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Daemon:
    """One daemon, how to know that it is there, and how to start it."""

    name: str
    unit: str
    """Its systemd unit."""
    command: tuple[str, ...]
    """How it is started by hand."""
    ask: Callable[[float], str]
    """What came instead of an answer within so many seconds; empty where it answers."""
    members: tuple[str, ...] = ()
    """Sockets of a daemon that only members of access.GROUPS may ask; it listens on one of them."""
    client: str = ""
    """The command that asks it, where it takes one."""
    prepare: tuple[tuple[str, ...], ...] = ()
    """Commands before a start by hand."""

    def lacks_client(self) -> bool:
        """Whether it cannot be asked, because its client is not on this machine."""
        return bool(self.client) and shutil.which(self.client) is None

    def standing(self) -> Standing:
        """Whether it answers now, however busy it is."""
        if self.members and access.missing():
            return "unasked" if any(map(answers.listens, self.members)) else "silent"
        return "silent" if self.ask(TIMEOUT) else "answers"

    def wait(self, seconds: float = TIMEOUT) -> str:
        """What the last try saw where it has not answered by then; empty where it answers."""
        return answers.until(lambda: self.ask(ONE_TRY), seconds)


def _ask_dbus(timeout: float) -> str:
    # Its answer to a client that does not say how it would log in: how it could.
    return answers.of_socket(
        "/run/dbus/system_bus_socket", b"\0AUTH\r\n", lambda said: said.endswith(b"\r\n"), timeout
    )


def _ask_virtlogd(timeout: float) -> str:
    return answers.of_socket(
        "/run/libvirt/virtlogd-sock", PING, lambda said: len(said) >= len(PING), timeout
    )


def _ask_libvirtd(timeout: float) -> str:
    """By whichever of libvirt's daemons."""
    return answers.of_command(_VIRSH, timeout)


def _ask_dockerd(timeout: float) -> str:
    return answers.of_command(_DOCKER, timeout)


_VIRSH = ("virsh", "-q", "-c", LIBVIRT, "uri")
_DOCKER = ("docker", "-H", DOCKER, "version", "--format", "{{.Server.Version}}")

INSTALL = {
    "virsh": "apt-get install libvirt-clients",
    "docker": "apt-get install docker-cli, or docker-ce-cli where Docker's own packages are",
}
"""How the clients get onto the machine."""

DAEMONS = (
    Daemon(
        name="dbus",
        unit="dbus.service",
        prepare=(("mkdir", "-p", "/run/dbus"), ("dbus-uuidgen", "--ensure")),
        command=("dbus-daemon", "--system", "--fork", "--nopidfile"),
        ask=_ask_dbus,
    ),
    Daemon(
        name="virtlogd",
        unit="virtlogd.socket",
        command=("virtlogd", "-d"),
        ask=_ask_virtlogd,
    ),
    Daemon(
        name="libvirtd",
        unit="libvirtd.service",
        command=("libvirtd", "-d"),
        members=access.LIBVIRT_SOCKETS,
        ask=_ask_libvirtd,
        client="virsh",
    ),
    Daemon(
        name="dockerd",
        unit="docker.service",
        command=("dockerd",),
        members=("/run/docker.sock",),
        ask=_ask_dockerd,
        client="docker",
    ),
)
"""In the order in which they need each other."""


def steps() -> tuple[Step, ...]:
    """One for each daemon."""
    return tuple(_step(daemon) for daemon in DAEMONS)


def _step(daemon: Daemon) -> Step:
    def look() -> str:
        if daemon.lacks_client():
            raise Unable(
                f"{daemon.name} cannot be asked: {no_client(daemon)}", INSTALL[daemon.client]
            )
        return "starting it" if daemon.standing() == "silent" else ""

    return Step(name=daemon.name, look=look, act=lambda report: start(daemon, report))


def no_client(daemon: Daemon) -> str:
    """That the client is missing, in words."""
    return f"the command {daemon.client} is not on this machine"


def way(*, systemd: bool) -> Way:
    """How daemons are started on this machine."""
    return "systemd" if systemd else "hand"


def has_systemd() -> bool:
    """Whether systemd runs this machine."""
    return Path("/run/systemd/system").is_dir()


def unit_state(unit: str) -> str:
    """How systemd says that a unit stands; empty where no systemd runs."""
    if not has_systemd():
        return ""
    asked = ["systemctl", "show", "--property=LoadState,ActiveState,UnitFileState", unit]
    return state_of(subprocess.run(asked, capture_output=True, text=True, check=False).stdout)


def state_of(shown: str) -> str:
    """The same, from what systemctl shows of it."""
    properties = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    if (load := properties.get("LoadState", "")) != "loaded":
        return load
    states = (properties.get("ActiveState", ""), properties.get("UnitFileState", ""))
    return ", ".join(filter(None, states))


def start(daemon: Daemon, report: Report) -> None:
    """Start a daemon that does not answer, and wait until it does."""
    if way(systemd=has_systemd()) == "systemd":
        run(as_root(["systemctl", "enable", "--now", daemon.unit]))
        where = f"journalctl -u {daemon.unit}"
    else:
        hidden = daemon.name == "libvirtd" and kvm.find().verdict == "unusable"
        if hidden:
            report("hides /dev/kvm from it, because KVM does not work here")
        where = str(start_by_hand(daemon, hide_kvm=hidden, prefix=as_root([])))
    if saw := daemon.wait():
        raise Unable(
            f"{daemon.name} does not answer {TIMEOUT:g} s after its start: {saw}", f"see {where}"
        )


def start_by_hand(daemon: Daemon, *, hide_kvm: bool, prefix: list[str]) -> Path:
    """Start it in the background; the file that gets what it says."""
    for command in daemon.prepare:
        run([*prefix, *command])
    log = paths.logs() / f"{daemon.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    # Behind sudo, which keeps the terminal, the daemon itself is what must have none.
    own = without_kvm(daemon.command) if hide_kvm else daemon.command
    with log.open("ab") as file:
        subprocess.Popen(
            [*prefix, "setsid", *own] if prefix else [*own],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=not prefix,
        )
    return log


def without_kvm(command: tuple[str, ...]) -> list[str]:
    """The command in a mount namespace of its own, where /dev/kvm is a device that QEMU can't use.

    With a KVM in sight that does not work, libvirtd tries it again and again: minutes a guest.
    """
    script = f"{HIDE_KVM} && exec {shlex.join(command)}"
    return ["unshare", "-m", "sh", "-c", script]


def sees_broken(finding: kvm.Finding) -> bool:
    """Whether a libvirtd runs that tries a KVM which, as was found, does not work."""
    return finding.verdict == "unusable" and any(map(_sees_kvm, _processes("libvirtd")))


def _sees_kvm(process: Path) -> bool:
    try:
        device = os.stat(process / "root/dev/kvm").st_rdev
    except PermissionError:
        # Another user's process: what lies over the device is told to all.
        return not is_covered((process / "mountinfo").read_text(errors="replace"), "/dev/kvm")
    except OSError:
        return False
    return (os.major(device), os.minor(device)) != NULL


def is_covered(mounts: str, path: str) -> bool:
    """Whether something is mounted over a path, from a process's mountinfo."""
    return any(line.split()[4:5] == [path] for line in mounts.splitlines())


def _processes(name: str) -> list[Path]:
    """The processes of a name that this process can see."""
    found: list[Path] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text().strip() == name:
                found.append(process)
        except OSError:
            continue
    return found
