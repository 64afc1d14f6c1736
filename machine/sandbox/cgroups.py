"""Control groups of a sandbox: its own branch of every hierarchy, seen as the whole from inside."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
GENERAL = frozenset({"rw", "ro", "nosuid", "nodev", "noexec", "relatime", "nsdelegate"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Hierarchy:
    """One mounted hierarchy of control groups."""

    path: Path
    kind: str
    """cgroup (version 1, one or more controllers) or cgroup2."""
    options: str
    """The mount options that name its controllers."""


def hierarchies() -> tuple[Hierarchy, ...]:
    """Those mounted on this machine."""
    return parse(Path("/proc/self/mounts").read_text())


def parse(mounts: str) -> tuple[Hierarchy, ...]:
    """Those of a table of mounts."""
    rows = (line.split() for line in mounts.splitlines())
    return tuple(
        Hierarchy(path=Path(path), kind=kind, options=_controllers(options))
        for _, path, kind, options, *_ in rows
        if kind in ("cgroup", "cgroup2") and Path(path).is_relative_to(ROOT)
    )


def _controllers(options: str) -> str:
    """A named hierarchy has no controller, which mount wants to hear."""
    words = [w for w in options.split(",") if w not in GENERAL and not w.startswith("memory_")]
    named = any(word.startswith("name=") for word in words)
    return ",".join(["none", *words] if named and len(words) == 1 else words)


def create(name: str) -> tuple[Path, ...]:
    """A branch in each hierarchy."""
    made: list[Path] = []
    for hierarchy in hierarchies():
        branch = hierarchy.path / name
        branch.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if hierarchy.kind == "cgroup" and (branch / setting).exists():
                (branch / setting).write_text((hierarchy.path / setting).read_text())
        made.append(branch)
    return tuple(made)


def join(branches: tuple[Path, ...]) -> None:
    """Move this process into the branches."""
    for branch in branches:
        (branch / "cgroup.procs").write_text(str(os.getpid()))


def mount_own() -> None:
    """Inside, in a cgroup namespace: the branch takes the place of the whole hierarchy."""
    found = hierarchies()
    subprocess.run(["umount", "-R", "-l", ROOT], check=True)
    if [hierarchy.path for hierarchy in found] != [ROOT]:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "cgroup", ROOT], check=True)
    for hierarchy in found:
        hierarchy.path.mkdir(exist_ok=True)
        options = ["-o", hierarchy.options] if hierarchy.kind == "cgroup" else []
        command = ["mount", "-t", hierarchy.kind, *options, "cgroup", hierarchy.path]
        subprocess.run(command, check=True)
        if hierarchy.kind == "cgroup2":
            _delegate(hierarchy.path)


def _delegate(root: Path) -> None:
    """A group of version 2 has processes or passes controllers on, never both."""
    leaf = root / "init"
    leaf.mkdir(exist_ok=True)
    for process in (root / "cgroup.procs").read_text().split():
        (leaf / "cgroup.procs").write_text(process)
    for controller in (root / "cgroup.controllers").read_text().split():
        (root / "cgroup.subtree_control").write_text(f"+{controller}")


def remove(branches: tuple[Path, ...]) -> None:
    """Remove the branches; their processes may take a moment to end."""
    deadline = time.monotonic() + 10
    for branch in branches:
        while branch.exists():
            for folder, _, _ in os.walk(branch, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    continue
            if time.monotonic() > deadline:
                break
            if branch.exists():
                time.sleep(0.05)
