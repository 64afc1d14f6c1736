"""The campaign's lab: one guest with a data disk, two containers, and commands on it."""

import fcntl
import os
import pty
import secrets
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.campaign import inventory
from benchmarks.campaign.inventory import Inventory, Thing
from benchmarks.campaign.verdict import Command
from benchmarks.failover.scene import Scene, WentWrong
from isolab.cli.context import deployed
from isolab.plan.model import Guest
from isolab.transport import Unreachable
from machine import paths
from machine.deployment import state
from machine.deployment.control import backend

STACK = "faults"
FILE = """\
name: faults
description: One guest, a service with data and one without.
guests:
  app: {memory: 512MiB, vcpus: 2, disk: 4GiB, data: 256MiB}
services:
  store:
    image: isolab/base:1
    command: [sleep, infinity]
    init: true
    restart: unless-stopped
    volumes: ["data:/data"]
  web:
    image: isolab/base:1
    command: [sleep, infinity]
    init: true
    restart: unless-stopped
    environment: {CHANGE: "CHANGES"}
    ports: ["8080:8080"]
volumes: {data: {}}
"""
POOLS = Path("/var/lib/libvirt/isolab")
"""Where all disks of the lab are."""
DISK = "8G"
"""Size of the file system for the lab's disks, in a file with holes."""
FIRST_NETWORK = """\
<network><name>first</name><forward mode="nat"/><bridge name="first"/>
<ip address="192.168.123.1" netmask="255.255.255.0"><dhcp>
<range start="192.168.123.2" end="192.168.123.9"/></dhcp></ip></network>
"""
TIMEOUT = 400.0
"""Seconds for one command; then it hangs, and is killed."""
WRITES = "/data/writes"
GUEST_THINGS = {
    "container": "docker ps -a --format '{{.Names}} {{.State}}'",
    "Docker network": "docker network ls --format '{{.Name}}'",
    "Docker volume": "docker volume ls --format '{{.Name}}'",
}


@dataclass(kw_only=True, slots=True)
class Running:
    """A command at work."""

    words: str
    process: subprocess.Popen[bytes]
    begin: float
    output: Path
    terminal: int | None
    """The end of its terminal that a person sits at; None where it has none."""
    reader: threading.Thread | None = None

    def hang_up(self) -> None:
        """Close the terminal, as a window is closed."""
        assert self.terminal is not None
        # The thread that reads has it open too: only its end closes the terminal.
        os.set_blocking(self.terminal, False)
        terminal, self.terminal = self.terminal, None
        if self.reader:
            self.reader.join()
        os.close(terminal)

    def type(self, text: bytes) -> None:
        """Type on its terminal."""
        assert self.terminal is not None
        os.write(self.terminal, text)

    @property
    def ended(self) -> bool:
        """Whether it came to its end."""
        return self.process.poll() is not None


@dataclass(kw_only=True, slots=True)
class Lab:
    """The lab, what was written in it, and how to run commands on it."""

    folder: Path
    """For temporary files and what commands print."""
    changes: int = 0
    written: set[str] = field(default_factory=set[str])
    mends: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """What a fault has to undo once its command has ended."""

    @property
    def temporary(self) -> Path:
        """Where the commands have their temporary files."""
        return self.folder / "tmp"

    @property
    def state_file(self) -> Path:
        """The stack's state."""
        file = state.file(backend(), STACK)
        assert file, "a sandbox has a file backend"
        return file

    def prepare(self) -> None:
        """Its file, and a file system of its own for its disks, which can be full."""
        self.temporary.mkdir(parents=True)
        disk = self.folder / "disk"
        for command in (
            ("truncate", "-s", DISK, disk),
            ("mkfs.ext4", "-q", "-m", "0", disk),
            ("mkdir", "-p", POOLS),
            ("mount", "-o", "loop", disk, POOLS),
        ):
            subprocess.run(command, check=True, stdout=sys.stderr)
        # libvirt's chains of firewall rules come with its first network, and stay.
        virsh = ("virsh", "-qc", "qemu:///system")
        create = (*virsh, "net-create", "/dev/stdin")
        subprocess.run(create, input=FIRST_NETWORK, text=True, check=True, stdout=sys.stderr)
        subprocess.run((*virsh, "net-destroy", "first"), check=True, stdout=sys.stderr)
        self._write_file()

    def change(self) -> None:
        """Give a service another environment: the next up replaces its container."""
        self.changes += 1
        self._write_file()

    def start(self, *words: str, terminal: bool = False) -> Running:
        """Begin a command of isolab."""
        output = self.folder / "said"
        near, far = pty.openpty() if terminal else (None, None)

        def own_terminal() -> None:
            os.setsid()
            if far is not None:
                fcntl.ioctl(far, termios.TIOCSCTTY, 0)

        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "isolab", *words],
                cwd=paths.REPO,
                env={**os.environ, "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL if far is None else far,
                stdout=file if far is None else far,
                stderr=subprocess.STDOUT,
                preexec_fn=own_terminal,
            )
        running = Running(
            words=" ".join(words),
            process=process,
            begin=time.monotonic(),
            output=output,
            terminal=near,
        )
        if near is not None and far is not None:
            os.close(far)
            running.reader = threading.Thread(target=_read, args=(running, near), daemon=True)
            running.reader.start()
        return running

    def finish(self, running: Running) -> Command:
        """Wait for a command; one that hangs is killed."""
        try:
            code = running.process.wait(max(1.0, running.begin + TIMEOUT - time.monotonic()))
        except subprocess.TimeoutExpired:
            running.process.kill()
            code = running.process.wait()
        seconds = time.monotonic() - running.begin
        if running.terminal is not None:
            running.hang_up()
        said = running.output.read_text(errors="replace")
        return Command(words=running.words, code=code, seconds=round(seconds, 1), said=said)

    def run(self, *words: str) -> Command:
        """A command to its end."""
        return self.finish(self.start(*words))

    def write(self) -> None:
        """A write to the volume, acknowledged once it is on the disk."""
        text = secrets.token_hex(8)
        self._in_store(f"echo {text} >>{WRITES} && sync {WRITES}")
        self.written.add(text)

    def read(self) -> frozenset[str]:
        """All writes that are on the volume."""
        return frozenset(self._in_store(f"cat {WRITES}").split())

    def things(self) -> Inventory:
        """What there is, in the sandbox and on the guest."""
        found = inventory.take(self.temporary, paths.home())
        plan = deployed.find(STACK)
        if plan:
            found.update(
                Thing(kind=f"on {guest.name}: {kind}", name=name)
                for guest in plan.guests
                for kind, question in GUEST_THINGS.items()
                for name in _asked(Scene(plan=plan), guest, question)
            )
        return found

    def scene(self) -> Scene:
        """The lab that stands."""
        return Scene(plan=deployed.required(STACK))

    def _in_store(self, script: str) -> str:
        scene = self.scene()
        store = scene.container("store", scene.last).name
        return scene.guest(scene.last, f"docker exec {store} sh -c '{script}'")

    def _write_file(self) -> None:
        file = paths.REPO / "stacks" / f"{STACK}.yaml"
        file.write_text(FILE.replace("CHANGES", str(self.changes)))


def _asked(scene: Scene, guest: Guest, question: str) -> list[str]:
    try:
        return scene.guest(guest, question).splitlines()
    except (WentWrong, Unreachable) as error:
        return [f"unknown: {error}"]


def _read(running: Running, terminal: int) -> None:
    """What the command prints on its terminal, until that is closed on either end."""
    with running.output.open("ab") as file:
        while running.terminal is not None:
            try:
                file.write(os.read(terminal, 4096))
            except BlockingIOError:
                time.sleep(0.05)
            except OSError:
                return
