#!/usr/bin/env python3
"""Debian machines to try isolab on: systemd as PID 1 in namespaces of its own, users, a network.

Made from the mirrors that this machine's apt knows. Needs root and mmdebstrap. Used by the tests
beside it, and by hand; `testmachine.py --help` lists the commands.
"""

import argparse
import ctypes
import fcntl
import hashlib
import inspect
import json
import os
import pwd
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import terminal
from terminal import Answer, Result, TookTooLong

Release = Literal["bookworm", "trixie"]
RELEASES: tuple[Release, ...] = get_args(Release)
USERS = ("nopasswd", "withpasswd", "nosudo")
PASSWORD = "machine-password"
"""The one of every user, and root's."""
PACKAGES = ("sudo", "git", "ca-certificates", "dbus", "libpam-systemd")
"""Beside Debian's important ones; the last two come with every installation by recommendation."""
MASKED = ("systemd-udevd", "systemd-udev-trigger", "systemd-udevd-kernel", "systemd-udevd-control")
"""Devices are the outer machine's, and so are the events about them."""
DISK = "40G"
"""The file system's size; the file behind it is sparse."""
CLONE = "isolab"
"""The folder of the clone in a user's home."""
NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
PR_SET_PDEATHSIG = 1
REBOOT = -signal.SIGHUP
"""How PID 1 of a namespace ends where somebody asks for a reboot."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

BOOT = r"""
set -eu
read -r go
mount -o loop,noinit_itable "$1/disk.img" "$1/root"
cd "$1/root"
mount -t proc -o nosuid,noexec,nodev proc proc
mount --bind proc/sys proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,ro proc/sys
mount -t sysfs -o nosuid,noexec,nodev sysfs sys
mount -t cgroup2 -o nosuid,noexec,nodev cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid tmpfs dev
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mkdir dev/pts dev/shm dev/net
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5,nosuid,noexec devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8
mknod -m 666 dev/urandom c 1 9
mknod -m 666 dev/tty c 5 0
mknod -m 666 dev/net/tun c 10 200
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
rm -f etc/resolv.conf
cp /etc/resolv.conf etc/resolv.conf
echo "$2" >etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$2" >etc/hosts
hostname "$2"
pivot_root . mnt
# As systemd does on a machine, but not where it takes itself to be in a container.
exec chroot . /bin/sh -c '
    umount -l /mnt
    mount --make-rshared /
    exec env -i container=other PATH="$PATH" /sbin/init </dev/null
'
"""


class CannotMake(Exception):
    """This machine cannot have such machines; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is retained about a machine beside its disk."""

    release: Release
    number: int
    """Of its link and its subnet; unique among the machines that are there."""
    until: int | None = None
    """The process that it ends and goes with; None where it stays until it is removed."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine by its name; it may be running or not."""

    name: str

    @property
    def folder(self) -> Path:
        """Its disk, facts and log."""
        return place() / "run" / self.name

    @property
    def root(self) -> Path:
        """Its root directory, seen from outside while it runs."""
        return Path(f"/proc/{self.pid()}/root")

    def facts(self) -> Facts:
        """What was settled when it was made."""
        return Facts(**json.loads((self.folder / "facts.json").read_text()))

    def pid(self) -> int:
        """Its PID 1, as numbered outside."""
        return int((self.folder / "pid").read_text())

    def link(self) -> str:
        """The outer end of its network link."""
        return f"isomachine{self.facts().number}"

    def address(self) -> str:
        """Its own on that link."""
        return f"10.213.{self.facts().number}.2"

    def groups(self) -> Path:
        """Its branch of the control groups."""
        return cgroup2() / f"isolab-machine-{self.name}"

    def running(self) -> bool:
        """Whether a process keeps it; that one holds the lock as long as it lives."""
        try:
            with (self.folder / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def start(self) -> None:
        """Boot it and wait for systemd."""
        if self.running():
            return
        (self.folder / "pid").unlink(missing_ok=True)
        log = (self.folder / "log").open("ab")
        keeper = subprocess.Popen(
            [sys.executable, __file__, "_keep", self.name],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        self._wait_until_up(keeper)

    def _wait_until_up(
        self, keeper: subprocess.Popen[bytes] | None = None, *, timeout: float = 120
    ) -> None:
        deadline = time.monotonic() + timeout
        state = "no PID 1"
        while time.monotonic() < deadline:
            if keeper and keeper.poll() is not None:
                break
            if (self.folder / "pid").exists():
                done = self.run("root", "systemctl is-system-running", login=False)
                state = done.output.strip()
                if state in ("running", "degraded"):
                    return
            time.sleep(0.5)
        log = (self.folder / "log").read_text()[-2000:]
        raise CannotMake(f"the machine {self.name} did not start: {state}\n{log}")

    def run(
        self,
        user: str,
        command: str,
        *,
        answers: Sequence[Answer] | None = None,
        timeout: float = 600,
        login: bool = True,
        show: bool = False,
    ) -> Result:
        """Run a shell command as a user, in a new login.

        With `answers`, be they none, it has a terminal, and whoever waits for one of them gets it.
        """
        # runuser asks nobody and needs no session; su is a login, with a terminal of the machine's.
        pty = ["--pty"] if answers is not None else []
        tool = ["su", *pty, "--login", user] if login else ["runuser", "--user", user, "--"]
        words = [*tool, "-c", command] if login else [*tool, "sh", "-c", command]
        entered = ["nsenter", "--target", str(self.pid()), *NAMESPACES, "--"]
        kind = os.environ.get("TERM", "xterm")
        line = [*entered, "env", "-i", f"PATH={PATH}", f"TERM={kind}", *words]
        if answers is None:
            return terminal.without(line, timeout=timeout, show=show, first=self._join)
        return terminal.within(line, answers, timeout=timeout, show=show, first=self._join)

    def _join(self) -> None:
        """In a new process: enter the machine's control groups, where its namespace cannot."""
        group = self.groups() / "logins"
        group.mkdir(exist_ok=True)
        (group / "cgroup.procs").write_text(str(os.getpid()))

    def home(self, user: str) -> Path:
        """A user's home, seen from outside while the machine runs."""
        return self.root / ("root" if user == "root" else f"home/{user}")

    def processor_seconds(self) -> float:
        """What all its processes, guests too, have taken since it booted."""
        fields = dict(map(str.split, (self.groups() / "cpu.stat").read_text().splitlines()))
        return int(fields["usage_usec"]) / 1e6

    def give(self, source: Path, user: str, target: str) -> None:
        """Copy a file or folder into a user's home as the user's own."""
        into = self.home(user) / target
        for parent in reversed(into.relative_to(self.home(user)).parents[:-1]):
            if not (self.home(user) / parent).exists():
                (self.home(user) / parent).mkdir()
                self._own(user, self.home(user) / parent)
        subprocess.run(["cp", "-a", "--no-target-directory", source, into], check=True)
        self._own(user, into)

    def _own(self, user: str, path: Path) -> None:
        number = self.run("root", f"id -u {user}", login=False).output.strip()
        subprocess.run(["chown", "-hR", f"{number}:{number}", path], check=True)

    def clone(self, checkout: Path, user: str) -> None:
        """Give the user a clone of a checkout, with what is not committed in it."""
        with tempfile.TemporaryDirectory() as work:
            clone = Path(work) / "clone"
            git = ["git", "-c", "safe.directory=*"]
            subprocess.run([*git, "clone", "--quiet", "--no-local", checkout, clone], check=True)
            changed = [*git, "-C", str(checkout), "ls-files", "-z", "--others", "--modified",
                       "--exclude-standard"]  # fmt: skip
            names = subprocess.run(changed, capture_output=True, text=True, check=True).stdout
            for name in filter(None, names.split("\0")):
                (clone / name).unlink(missing_ok=True)
                if (checkout / name).exists():
                    (clone / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(checkout / name, clone / name, follow_symlinks=False)
            subprocess.run(["rm", "-rf", self.home(user) / CLONE], check=True)
            self.give(clone, user, CLONE)

    def seed(self, user: str, parts: Sequence[str]) -> None:
        """Give the user parts of this machine's own cache: engine, guest, services …"""
        for part in parts:
            source = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".cache" / "isolab" / part
            if not source.is_dir():
                raise CannotMake(f"{source} is not there: bring a lab up on this machine first")
            self.give(source, user, f".cache/isolab/{part}")

    def reboot(self) -> None:
        """Reboot it in order, and wait until it is up again."""
        before = self.pid()
        (self.folder / "pid").unlink()
        self._signal_systemd(before, "reboot")
        # Its guests have up to five minutes to shut down.
        self._wait_until_up(timeout=420)

    def _signal_systemd(self, pid: int, verb: str) -> None:
        words = [
            "nsenter",
            "--target",
            str(pid),
            *NAMESPACES,
            "--",
            "systemctl",
            verb,
            "--no-block",
        ]
        subprocess.run(words, check=False, preexec_fn=self._join, capture_output=True)

    def stop(self, *, grace: float = 60) -> None:
        """Shut it down; after the grace it is killed."""
        if not self.running():
            return
        if (self.folder / "pid").exists() and grace:
            self._signal_systemd(self.pid(), "poweroff")
        if not self._gone_within(grace):
            os.kill(int((self.folder / "keeper").read_text()), signal.SIGTERM)
            if not self._gone_within(30):
                raise CannotMake(f"the machine {self.name} does not end: {self.folder}/log")

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.running() and time.monotonic() < deadline:
            time.sleep(0.2)
        return not self.running()

    def remove(self) -> None:
        """End it and remove all that it had."""
        self.stop(grace=0)
        clean(self)
        shutil.rmtree(self.folder, ignore_errors=True)


def unable() -> str:
    """Why this machine cannot have such machines; empty where it can."""
    if os.getuid():
        return "needs root"
    missing = [tool for tool in ("mmdebstrap", "iptables", "mkfs.ext4") if not shutil.which(tool)]
    if missing:
        return f"needs {', '.join(missing)}"
    if not Path("/dev/loop-control").exists():
        return "needs loop devices"
    try:
        cgroup2()
        apt_sources("bookworm")
    except CannotMake as error:
        return str(error)
    return ""


def place() -> Path:
    """Where roots and machines are retained."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir) / ".cache" / "isolab-machines"


def cgroup2() -> Path:
    """Where control groups of version 2 are mounted."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, path, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(path)
    raise CannotMake("needs a mounted cgroup2")


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Keep other processes from doing the same."""
    place().mkdir(parents=True, exist_ok=True)
    with (place() / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def apt_sources(release: Release) -> list[str]:
    """The mirrors of Debian that this machine's apt knows, for a release of Debian."""
    words = ["apt-get", "indextargets", "--format",
             "$(ORIGIN) $(COMPONENT) $(SITE) $(CODENAME)", "Created-By: Packages"]  # fmt: skip
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    sources: dict[str, None] = {}
    for line in found.splitlines():
        origin, component, site, codename = line.split(" ")
        if (origin, component) == ("Debian", "main"):
            suite = release + "".join(codename.partition("-")[1:])
            sources[f"deb {site} {suite} main"] = None
    if not sources:
        raise CannotMake("apt on this machine knows no mirror of Debian")
    return list(sources)


def ready_root(release: Release) -> Path:
    """A file system with the release and its users, made where the cache has none."""
    config = Path("/etc/pip.conf")
    certificates = sorted(Path("/usr/local/share/ca-certificates").glob("*.crt"))
    given = [file for file in (config, *certificates) if file.exists()]
    sources = apt_sources(release)
    recipe = hashlib.sha256()
    constants = repr((PACKAGES, MASKED, USERS, PASSWORD, DISK))
    program = inspect.getsource(_make_root)
    for text in (constants, program, *sources, *(file.read_text() for file in given)):
        recipe.update(text.encode() + b"\0")
    disk = place() / "roots" / f"{release}-{recipe.hexdigest()[:16]}.img"
    with locked(f"root-{release}"):
        if not disk.exists():
            _make_root(release, sources, given, disk)
    return disk


def _make_root(release: Release, sources: list[str], given: list[Path], disk: Path) -> None:
    disk.parent.mkdir(parents=True, exist_ok=True)
    for older in disk.parent.glob(f"{release}-*"):
        older.unlink()
    with tempfile.TemporaryDirectory(dir=disk.parent) as work:
        root = Path(work) / "root"
        options = ('Acquire::Check-Valid-Until "false"', 'Acquire::Languages "none"')
        _do(
            # Some versions change the mounts of the machine that they run on.
            "unshare", "--mount", "mmdebstrap", "--quiet", "--mode=root", "--variant=important",
            "--format=directory", f"--include={','.join(PACKAGES)}",
            *(f"--aptopt={option}" for option in options), release, root, *sources,
        )  # fmt: skip
        for file in given:
            target = root / file.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        for unit in MASKED:
            for kind in ("service", "socket"):
                mask = root / f"etc/systemd/system/{unit}.{kind}"
                mask.symlink_to("/dev/null")
        for user in USERS:
            groups = ["--groups", "sudo"] if user == "withpasswd" else []
            _do("chroot", root, "useradd", "--create-home", "--shell", "/bin/bash", *groups, user)
            (root / "home" / user).chmod(0o700)
        (root / "etc/sudoers.d/nopasswd").write_text("nopasswd ALL=(ALL:ALL) NOPASSWD: ALL\n")
        (root / "etc/sudoers.d/nopasswd").chmod(0o440)
        passwords = "".join(f"{user}:{PASSWORD}\n" for user in ("root", *USERS))
        _do("chroot", root, "chpasswd", given=passwords)
        _do("chroot", root, "update-ca-certificates")
        whole = Path(work) / "disk.img"
        _do("truncate", "--size", DISK, whole)
        _do("mkfs.ext4", "-q", "-d", root, whole)
        whole.rename(disk)


def _do(*words: str | Path, given: str | None = None) -> None:
    done = subprocess.run(words, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        line = shlex.join(map(str, words))
        raise CannotMake(f"{line} failed ({done.returncode}):\n{done.stdout}{done.stderr}")


def new(name: str, release: Release, *, until: int | None = None) -> Machine:
    """A machine with a fresh disk; one of that name that is there already is removed."""
    machine = Machine(name)
    disk = ready_root(release)
    with locked("run"):
        sweep()
        machine.remove()
        numbers = {each.facts().number for each in machines()}
        machine.folder.mkdir(parents=True)
        (machine.folder / "root").mkdir()
        free = next(number for number in range(1, 250) if number not in numbers)
        facts = json.dumps({"release": release, "number": free, "until": until})
        (machine.folder / "facts.json").write_text(facts)
    _do("cp", "--sparse=always", disk, machine.folder / "disk.img")
    return machine


def machines() -> list[Machine]:
    """Those that are there, running or not."""
    found = sorted((place() / "run").glob("*/facts.json"))
    return [Machine(file.parent.name) for file in found]


def sweep() -> None:
    """Take away what machines left whose keeper was killed, and those that nobody needs now."""
    for machine in machines():
        if not machine.running():
            clean(machine)
            until = machine.facts().until
            if until and not Path(f"/proc/{until}").exists():
                shutil.rmtree(machine.folder, ignore_errors=True)


def clean(machine: Machine) -> None:
    """Remove a machine's control groups, link and firewall rules; the rest ends with PID 1."""
    if not machine.folder.exists():
        return
    groups = machine.groups()
    if groups.exists():
        (groups / "cgroup.kill").write_text("1")
        for group in sorted((groups, *groups.rglob("*/")), reverse=True):
            _remove_group(group)
    # Its namespace takes the link away too, but later, and not where something still has it.
    if Path("/sys/class/net", machine.link()).exists():
        subprocess.run(["ip", "link", "delete", machine.link()], capture_output=True, check=False)
    for table in ("filter", "nat"):
        rules = subprocess.run(
            ["iptables", "-w", "-t", table, "-S"], capture_output=True, text=True, check=True
        ).stdout
        for rule in map(shlex.split, rules.splitlines()):
            if f"isolab-machine {machine.name}" in rule:
                _do("iptables", "-w", "-t", table, "-D", *rule[1:])


def _remove_group(group: Path) -> None:
    deadline = time.monotonic() + 10
    while group.is_dir():
        try:
            group.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def keep(machine: Machine) -> None:
    """Boot a machine, again after each reboot, until it is shut down or nobody needs it."""

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    until = machine.facts().until
    watched = os.pidfd_open(until) if until else None
    (machine.folder / "keeper").write_text(str(os.getpid()))
    with (machine.folder / "lock").open("w") as lock:
        # Not at once: whoever asks whether it runs has the lock for a moment.
        fcntl.flock(lock, fcntl.LOCK_EX)
        while _boot(machine, watched) == REBOOT:
            pass
        if watched is not None and select.select([watched], [], [], 0)[0]:
            shutil.rmtree(machine.folder, ignore_errors=True)


def _boot(machine: Machine, watched: int | None) -> int:
    """Run one boot from start to end; how PID 1 ended."""
    started: subprocess.Popen[bytes] | None = None
    try:
        clean(machine)
        machine.groups().mkdir()

        def join() -> None:
            # Whatever ends this process ends the machine.
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            (machine.groups() / "cgroup.procs").write_text(str(os.getpid()))

        started = subprocess.Popen(
            ["unshare", *NAMESPACES, "--fork", "--kill-child",
             "sh", "-c", BOOT, "boot", str(machine.folder), machine.name],
            stdin=subprocess.PIPE, preexec_fn=join, env={"PATH": PATH},
        )  # fmt: skip
        pid = _child(started)
        _connect(machine, pid)
        assert started.stdin
        started.stdin.write(b"go\n")
        started.stdin.flush()
        name = machine.folder / "pid.new"
        name.write_text(str(pid))
        name.rename(machine.folder / "pid")
        ended = os.pidfd_open(started.pid)
        select.select([ended] if watched is None else [ended, watched], [], [])
        os.close(ended)
        return started.wait() if started.poll() is not None else 0
    finally:
        if started:
            started.kill()
            started.wait()
        (machine.folder / "pid").unlink(missing_ok=True)
        clean(machine)


def _child(parent: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    while not (found := children.read_text().split()):
        time.sleep(0.01)
    return int(found[0])


def _connect(machine: Machine, pid: int) -> None:
    """Give a machine its network: a link to here, beyond which it is one of this machine's."""
    link, address = machine.link(), machine.address()
    subnet = address.removesuffix(".2")
    inside = ("nsenter", "--target", str(pid), "--net", "--uts", "--")
    route = json.loads(subprocess.check_output(["ip", "-json", "route", "show", "default"]))
    mtu = Path(f"/sys/class/net/{route[0]['dev']}/mtu").read_text().strip()
    _do("ip", "link", "add", link, "mtu", mtu, "type", "veth",
        "peer", "name", "eth0", "mtu", mtu, "netns", str(pid))  # fmt: skip
    _do("ip", "address", "add", f"{subnet}.1/24", "dev", link)
    _do("ip", "link", "set", link, "up")
    _do(*inside, "ip", "address", "add", f"{address}/24", "dev", "eth0")
    _do(*inside, "ip", "link", "set", "lo", "up")
    _do(*inside, "ip", "link", "set", "eth0", "up")
    _do(*inside, "ip", "route", "add", "default", "via", f"{subnet}.1")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    mine = ("-m", "comment", "--comment", f"isolab-machine {machine.name}", "-j")
    _do("iptables", "-w", "-I", "FORWARD", "-i", link, *mine, "ACCEPT")
    _do("iptables", "-w", "-I", "FORWARD", "-o", link, *mine, "ACCEPT")
    _do("iptables", "-w", "-t", "nat", "-A", "POSTROUTING",
        "-s", f"{subnet}.0/24", "!", "-o", link, *mine, "MASQUERADE")  # fmt: skip


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="verb", required=True)

    def command(verb: str, text: str, *words: str) -> argparse.ArgumentParser:
        found = commands.add_parser(verb, help=text, description=text)
        for word in words:
            found.add_argument(word)
        return found

    fresh = command("new", "make a machine with a fresh disk, and start it", "name")
    fresh.add_argument("release", choices=RELEASES)
    command("start", "start one that was shut down", "name")
    command("reboot", "reboot it, and wait until it is up", "name")
    command("stop", "shut it down", "name")
    command("remove", "end it and remove all that it had", "name")
    command("list", "name the machines that are there")
    command("clone", "copy a checkout to ~/isolab of a user", "name", "user", "checkout")
    seed = command("seed", "copy parts of root's ~/.cache/isolab to a user", "name", "user")
    seed.add_argument("parts", nargs="+", help="engine, guest, services, registry …")
    run = command("run", "run a shell command as a user, in a new login", "name", "user")
    run.add_argument("--tty", action="store_true", help="in a terminal")
    run.add_argument(
        "--answer", action="append", default=[], metavar="QUESTION=TEXT",
        help="what to type where the question, a regular expression, waits (implies --tty)",
    )  # fmt: skip
    run.add_argument("--timeout", type=float, default=3600, help="in seconds")
    run.add_argument("command")
    command("_keep", "for the machine's own use", "name")
    given = parser.parse_args()
    try:
        return _obey(given)
    except (CannotMake, TookTooLong) as error:
        print(f"error: {error}", file=sys.stderr)
        return 3


def _obey(given: argparse.Namespace) -> int:
    if given.verb == "list":
        for machine in machines():
            state = "running" if machine.running() else "off"
            print(machine.name, machine.facts().release, state)
        return 0
    machine = Machine(given.name)
    match given.verb:
        case "new":
            new(given.name, given.release).start()
        case "start" | "reboot" | "stop" | "remove":
            getattr(machine, given.verb)()
        case "clone":
            machine.clone(Path(given.checkout).resolve(), given.user)
        case "seed":
            machine.seed(given.user, given.parts)
        case "_keep":
            keep(machine)
        case _:
            pairs = [each.rpartition("=") for each in given.answer]
            answers = [Answer(question, text) for question, _, text in pairs]
            done = machine.run(
                given.user, given.command, timeout=given.timeout, show=True,
                answers=answers if given.tty or answers else None,
            )  # fmt: skip
            return done.code if done.code >= 0 else 128 - done.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
