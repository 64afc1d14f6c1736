"""Runs a command where it cannot touch what the machine runs already, and leaves nothing."""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from machine import paths
from machine.engine import plugins
from machine.host import kvm, ownership, privilege, renew, sockets
from machine.sandbox import cgroups
from machine.setup import packages
from machine.steps import Unable

MARK = "ISOLAB_SANDBOX"
"""The variable that tells a process that it is inside; its value is the sandbox's folder."""
OWNER = "ISOLAB_SANDBOX_OWNER"
"""The variable that tells root for whom it runs a sandbox: user and group as numbers."""
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where the daemons are; many users do not have these on PATH."""
FIRST_PROCESS = f"{__name__}.first_process"
HIDE_KVM = "ISOLAB_SANDBOX_HIDES_KVM"
NAMESPACES = ("--cgroup", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
PREPARED = ("up", "test", "bench", "preview")
"""Commands that need what only a machine with a network can get."""
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """What one sandbox has on the machine while it lives."""

    folder: Path
    branches: tuple[Path, ...]
    """Its control groups."""
    owner: ownership.Owner | None = None
    """The user for whom root runs it."""


def inside() -> bool:
    """Whether this process runs in a sandbox."""
    return MARK in os.environ


def enter(argv: Sequence[str]) -> int:
    """Run `./lab ARGV`, or the program after a leading `--`, in a sandbox; its exit code."""
    command = words(argv)
    if inside():
        return subprocess.run(command, check=False).returncode
    if not privilege.is_root():
        return _enter_as_root(argv)
    owner = ownership.parse(os.environ.pop(OWNER, ""))
    if argv and argv[0] in PREPARED:
        from machine.setup import (
            provision,  # `doctor` looks into a sandbox without what this needs.
        )

        # What interrupts it must not leave root's files among the user's.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _leave)
        try:
            provision.prepare_shared(lambda line: print(line, file=sys.stderr), yes="--yes" in argv)
        finally:
            give_back(owner)
    folder = Path(tempfile.mkdtemp(prefix="isolab-sandbox-", dir=paths.SCRATCH))
    sandbox = Sandbox(folder=folder, branches=cgroups.create(folder.name), owner=owner)
    return _run(sandbox, command)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def give_back(owner: ownership.Owner | None) -> None:
    """What root made in the folders of the user for whom it ran becomes the user's."""
    if owner:
        ownership.give((paths.REPO, paths.home(), paths.cache()), owner)


def words(argv: Sequence[str]) -> list[str]:
    """The command line to run inside."""
    if not argv:
        raise Unable(
            "the sandbox needs a command to run", "./lab --sandbox up, or -- sh for a shell"
        )
    if argv[0] == "--":
        return list(argv[1:]) or ["sh"]
    return [str(paths.REPO / "lab"), *argv]


def _enter_as_root(argv: Sequence[str]) -> int:
    actions = [privilege.Action(words="run a sandbox (namespaces of its own)")]
    missing = packages.missing() if argv and argv[0] in PREPARED else ()
    if missing:
        actions.append(packages.action(missing))
    privilege.agree(actions, yes="--yes" in argv)
    # Made by the user: root gives back what it made in folders of the user's alone.
    for folder in (paths.cache(), paths.home()):
        with suppress(PermissionError):
            folder.mkdir(parents=True, exist_ok=True)
    given = for_root(os.environb, paths.cache(), f"{os.getuid()}:{os.getgid()}")
    # Not as arguments, which everybody can read, and not by sudo, which leaves variables out.
    descriptor, handover = tempfile.mkstemp(prefix="isolab-environment-")
    try:
        with open(descriptor, "wb") as file:
            file.write(renew.pack(given))
        words = [str(renew.ENTRY), handover, "-m", "isolab", "--sandbox", *argv]
        done = subprocess.run(["sudo", sys.executable, "-I", *words], check=False)
        return _exit_code(done.returncode)
    finally:
        Path(handover).unlink(missing_ok=True)


def for_root(given: Mapping[bytes, bytes], cache: Path, owner: str) -> dict[bytes, bytes]:
    """The user's environment for root's part: with the daemons on PATH, and the user's cache."""
    path = os.fsdecode(given.get(b"PATH", os.defpath.encode()))
    folders = dict.fromkeys([*path.split(":"), *SBIN])
    return {
        **given,
        b"PATH": os.fsencode(":".join(folders)),
        b"ISOLAB_CACHE": os.fsencode(cache),
        OWNER.encode(): owner.encode(),
        # Root's bytecode would lie among the user's sources.
        b"PYTHONDONTWRITEBYTECODE": b"1",
    }


def _run(sandbox: Sandbox, command: Sequence[str]) -> int:
    """Start the sandbox and wait; a process of its own cleans up, however this one ends."""
    cleaner, lifeline = _start_cleaner(sandbox)
    started: subprocess.Popen[bytes] | None = None

    def end(number: int, frame: FrameType | None) -> None:
        if started:
            started.kill()
        raise SystemExit(128 + number)

    # Ctrl-C is the command's to answer; it gets one too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        started = subprocess.Popen(
            ["unshare", *NAMESPACES, sys.executable, "-m", FIRST_PROCESS, *command],
            env=environment(os.environ, sandbox.folder, plugins.choice()),
            preexec_fn=lambda: _tie_to_parent(sandbox),
        )
        return _exit_code(started.wait())
    finally:
        os.close(lifeline)
        os.waitpid(cleaner, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)


def environment(
    given: Mapping[str, str], folder: Path, source: plugins.Source | None
) -> dict[str, str]:
    """What the command finds in its environment: nothing that leads out of the sandbox."""
    foreign = (
        "LIBVIRT_DEFAULT_URI",
        "DOCKER_CONTEXT",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_CREDENTIALS_PATH",
        "PULUMI_HOME",
    )
    remaining = {name: value for name, value in given.items() if name not in foreign}
    home = folder / "home"
    return {
        **remaining,
        MARK: str(folder),
        "ISOLAB_HOME": str(home),
        "ISOLAB_CACHE": str(paths.cache()),
        "PULUMI_BACKEND_URL": (home / "state").as_uri(),
        "DOCKER_HOST": sockets.DOCKER,
        "PYTHONPATH": str(paths.REPO),
        HIDE_KVM: "yes" if kvm.find().verdict == "unusable" else "no",
        **({"ISOLAB_PLUGINS": source} if source else {}),
    }


def _tie_to_parent(sandbox: Sandbox) -> None:
    """In the child, before it becomes the sandbox: it dies with us, in groups of its own."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    cgroups.join(sandbox.branches)


def _exit_code(code: int) -> int:
    return 128 - code if code < 0 else code


def _start_cleaner(sandbox: Sandbox) -> tuple[int, int]:
    """A process that waits for our end, be it by kill -9; its id, and the pipe that it watches."""
    watched, lifeline = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    cleaner = os.fork()
    if cleaner:
        os.close(watched)
        return cleaner, lifeline
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.close(lifeline)
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(silence, stream)
        os.read(watched, 1)
        clean(sandbox)
    finally:
        os._exit(0)


def clean(sandbox: Sandbox) -> None:
    """Remove the control groups and the folder; both are busy until the last process is gone."""
    cgroups.remove(sandbox.branches)
    give_back(sandbox.owner)
    deadline = time.monotonic() + 20
    while sandbox.folder.exists() and time.monotonic() < deadline:
        remove = ["rm", "-rf", "--one-file-system", str(sandbox.folder)]
        if subprocess.run(remove, check=False).returncode:
            time.sleep(0.2)
