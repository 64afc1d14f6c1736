"""What happens to a command, or to what it needs."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from benchmarks.campaign.lab import POOLS, Lab, Running
from machine import paths
from machine.deployment import runs
from machine.setup import daemons

SPARE = 256
"""KiB that stay free on a file system that is full, less than one copy of a state needs."""
ENDING = 40
"""Seconds that a daemon has to end."""


def nothing(lab: Lab, running: Running) -> None:
    """It only runs."""


def kill_isolab(lab: Lab, running: Running) -> None:
    """As the kernel kills a process."""
    running.process.kill()


def kill_engine(lab: Lab, running: Running) -> None:
    """The engine of the command, as soon as there is one."""
    _kill(running, _is_engine)


def kill_plugin(which: str, lab: Lab, running: Running) -> None:
    """One of the engine's plugins, as soon as there is one."""
    _kill(running, lambda words: f"airgap.{which}" in words or f"resource-{which}" in words)


def interrupt(lab: Lab, running: Running) -> None:
    """Ctrl-C."""
    running.type(b"\x03")


def hang_up(lab: Lab, running: Running) -> None:
    """The terminal's window is closed."""
    running.hang_up()


def terminate(lab: Lab, running: Running) -> None:
    """As a machine that shuts down asks a process to end."""
    running.process.send_signal(signal.SIGTERM)


def stop_daemon(name: str, lab: Lab) -> None:
    """Stop a daemon of the sandbox; it comes back once the command has ended."""
    ((pid, words),) = [(p, w) for p, w in _processes() if Path(w[0]).name == name]
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + ENDING
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    lab.mends.append(partial(_start_daemon, name, words))


def stop_daemon_meanwhile(name: str, lab: Lab, running: Running) -> None:
    """The same, while the command works."""
    stop_daemon(name, lab)


def switch_off_guest(lab: Lab) -> None:
    """The guest's power is cut."""
    scene = lab.scene()
    scene.virsh("destroy", scene.last.domain)


def switch_off_guest_meanwhile(lab: Lab, running: Running) -> None:
    """The same, while the command works."""
    switch_off_guest(lab)


def fill_pools(lab: Lab) -> None:
    """The file system with the lab's disks is full until the command has ended."""
    rest = POOLS / "rest"
    _fill(POOLS, rest)
    lab.mends.append(rest.unlink)


def fill_state(lab: Lab) -> None:
    """The file system with the state is full until the command has ended."""
    folder, copy = paths.state(), lab.folder / "state"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, copy, symlinks=True)
    size = sum(file.stat().st_blocks * 512 for file in copy.rglob("*")) // 1024 + 8 * SPARE
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "full", folder], check=True)
    shutil.copytree(copy, folder, dirs_exist_ok=True, symlinks=True)
    _fill(folder, folder / "rest")
    lab.mends.append(partial(_give_state_back, folder, copy))


def cut_state(lab: Lab) -> None:
    """The second half of the state file is gone."""
    whole = lab.state_file.read_bytes()
    lab.state_file.write_bytes(whole[: len(whole) // 2])


def restore_state(lab: Lab, said: str) -> None:
    """What the message tells to do."""
    found = re.search(r"cp (\S+) (\S+) restores", said)
    if found:
        shutil.copy(found[1], found[2])


def _fill(folder: Path, rest: Path) -> None:
    free = shutil.disk_usage(folder).free // 1024
    if free > SPARE:
        subprocess.run(["fallocate", "-l", f"{free - SPARE}KiB", rest], check=True)


def _give_state_back(folder: Path, copy: Path) -> None:
    (folder / "rest").unlink(missing_ok=True)
    shutil.rmtree(copy)
    shutil.copytree(folder, copy, symlinks=True)
    subprocess.run(["umount", folder], check=True)
    shutil.rmtree(folder)
    shutil.move(copy, folder)


def _start_daemon(name: str, words: list[str]) -> None:
    with (paths.logs() / f"{name}.log").open("ab") as log:
        subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
    (daemon,) = [daemon for daemon in daemons.DAEMONS if daemon.name == name]
    if saw := daemon.wait():
        raise RuntimeError(f"{name} did not come back: {saw}")


def _is_engine(words: str) -> bool:
    return "--event-log" in words and Path(words.split()[0]).name == "pulumi"


def _kill(running: Running, wanted: Callable[[str], bool]) -> None:
    while not running.ended:
        for pid, words in _processes():
            if _has_mark(pid) and wanted(" ".join(words)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                return
        time.sleep(0.02)


def _processes() -> Iterator[tuple[int, list[str]]]:
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
            if words:
                yield int(entry.name), words


def _has_mark(pid: int) -> bool:
    """Whether a process belongs to a run of the engine."""
    with suppress(OSError):
        return f"\0{runs.VARIABLE}=".encode() in b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
    return False
