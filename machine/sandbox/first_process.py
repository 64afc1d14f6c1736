"""The first process of a sandbox: makes it a machine of its own, runs the command, reaps."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from machine import paths
from machine.sandbox import HIDE_KVM, MARK, cgroups
from machine.setup import daemons, network_hook
from machine.setup.daemons import DAEMONS, Daemon
from machine.steps import Unable, run

PRIVATE = ("/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt")
"""Folders that hold what libvirt keeps on the machine."""
CAPABILITIES = "/var/cache/libvirt"
TIMEOUT = 60.0
"""Seconds the daemons have to answer."""


def main(command: Sequence[str]) -> int:
    """Set up and run; the command's exit code."""
    # Ctrl-C reaches the command too, which decides; the sandbox ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = Path(os.environ[MARK])
    try:
        arrange(folder)
        start_daemons(folder)
    except (Unable, OSError, subprocess.CalledProcessError) as error:
        print(f"error: the sandbox cannot be set up\n  {error}", file=sys.stderr)
        return 3
    try:
        process = subprocess.Popen(command, preexec_fn=_default_interrupt)
    except OSError as error:
        print(f"error: {command[0]} cannot be run: {error.strerror}", file=sys.stderr)
        return 127
    return reap_until(process.pid)


def arrange(folder: Path) -> None:
    """Mounts and network: what daemons keep and share is private, the rest is the machine's."""
    mount("--make-rprivate", "/")
    cgroups.mount_own()
    run(["ip", "link", "set", "lo", "up"])
    mount("-t", "tmpfs", "-o", "mode=755", "isolab", "/run")
    Path("/run/lock").mkdir()
    for target in PRIVATE:
        own = folder / target.strip("/").replace("/", "-")
        own.mkdir(mode=0o755)
        Path(target).mkdir(parents=True, exist_ok=True)
        if target == CAPABILITIES and any(Path(target).iterdir()):
            # What QEMU can do takes libvirt ten seconds to find out, and is the same in here.
            run(["cp", "-a", f"{target}/.", str(own)])
        mount("--bind", str(own), target)
    _own_libvirt_settings(folder / "etc-libvirt")
    if os.environ.pop(HIDE_KVM) == "yes":
        run(["sh", "-c", daemons.HIDE_KVM])
    _own_stack_files(folder / "stacks")


def _own_libvirt_settings(own: Path) -> None:
    """libvirt's settings without the domains and networks that are defined beside them."""
    own.mkdir(mode=0o755)
    for file in Path("/etc/libvirt").glob("*.conf"):
        shutil.copy(file, own)
    for hook, source in network_hook.FILES:
        copy = own / hook.relative_to("/etc/libvirt")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
        copy.chmod(0o755)
    # AppArmor profiles would be written for guests outside of it all.
    with (own / "qemu.conf").open("a") as settings:
        settings.write('\nsecurity_driver = "none"\n')
    mount("--bind", str(own), "/etc/libvirt")


def _own_stack_files(own: Path) -> None:
    """The lab files are the checkout's; settings of stacks made outside are out of sight."""
    own.mkdir()
    mount("-t", "tmpfs", "-o", "mode=755", "isolab", str(own))
    (own / "upper").mkdir()
    (own / "work").mkdir()
    stacks = paths.REPO / "stacks"
    options = f"lowerdir={stacks},upperdir={own}/upper,workdir={own}/work"
    mount("-t", "overlay", "-o", options, "isolab", str(stacks))
    for file in stacks.glob("Pulumi.*.yaml"):
        file.unlink()


def start_daemons(folder: Path) -> None:
    """All at once: they wait for each other where they must."""
    for daemon in map(lambda daemon: _inside(daemon, folder), DAEMONS):
        daemons.start_by_hand(daemon, hide_kvm=False, prefix=[])
        if daemon.name == "dbus":
            _wait(daemon)
    for daemon in DAEMONS:
        _wait(daemon)


def _inside(daemon: Daemon, folder: Path) -> Daemon:
    """dockerd with a place of its own; the others find one in the private folders."""
    if daemon.name != "dockerd":
        return daemon
    settings = folder / "daemon.json"
    settings.write_text("{}")
    return replace(
        daemon,
        command=(
            *daemon.command,
            f"--config-file={settings}",
            f"--data-root={folder / 'docker'}",
            "--exec-root=/run/docker",
            "--pidfile=/run/docker.pid",
            "--exec-opt=native.cgroupdriver=cgroupfs",
        ),
    )


def _wait(daemon: Daemon) -> None:
    if saw := daemon.wait(TIMEOUT):
        log = (paths.logs() / f"{daemon.name}.log").read_text(errors="replace")
        raise Unable(
            f"{daemon.name} does not answer {TIMEOUT:g} s after its start: {saw}",
            "\n  ".join(log.splitlines()[-5:]),
        )


def mount(*words: str) -> None:
    """Run mount."""
    run(["mount", *words])


def _default_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def reap_until(wanted: int) -> int:
    """Bury the orphans of this process tree until the command ends; its exit code."""
    while True:
        process, status = os.wait()
        if process == wanted:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code


if __name__ == "__main__":
    # The daemons end with this process: it is the first of its namespace.
    sys.exit(main(sys.argv[1:]))
