"""The process with root's rights that builds an image: the first of its process namespace."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from machine import paths
from machine.images import cache, debian_sources, guest_build, preload, service_catalog
from machine.steps import Unable, run

PREFIX = "isolab-build-"
YOUNG = 60.0
"""Seconds in which a folder may have an owner that has not locked it yet."""


def main() -> int:
    """Do what standard input asks for; 3 where that cannot be done."""
    if os.getpid() != 1:
        # At its end it kills all that it can see.
        print("this is started by machine/images/root_build.py", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_caller, daemon=True).start()
    os.environ.update(asked["environment"])
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
    # Whatever the user's login has: what is writable for a group here is so in the guests.
    os.umask(0o022)
    try:
        with scratch() as folder:
            os.environ["TMPDIR"] = str(folder)
            hand_over(JOBS[asked["job"]](folder), Path(asked["folder"]))
    except (Unable, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


def base_image(folder: Path) -> list[Path]:
    """The layer under all service images, as an archive."""
    archive = folder / "base.tar"
    make = service_catalog.RECIPES / service_catalog.BASE.folder / "make.sh"
    sources = (*debian_sources.keyrings(), *debian_sources.lines())
    run([str(make), service_catalog.SUITE, str(archive), *sources])
    return [archive]


def guest_image(folder: Path) -> list[Path]:
    """The guests' disk, kernel and initrd."""
    guest_build.build(folder, preload.preload, _report)
    return [folder / name for name in guest_build.RESULTS]


JOBS: dict[str, Callable[[Path], list[Path]]] = {
    "base image": base_image,
    "guest image": guest_image,
}


def hand_over(files: list[Path], folder: Path) -> None:
    """The files into a folder, whose owner gets them."""
    owner = folder.stat()
    for file in files:
        target = folder / file.name
        shutil.move(file, target)
        os.chown(target, owner.st_uid, owner.st_gid)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder of root's that is gone afterwards, and those that killed builds left with it."""
    for leftover in paths.SCRATCH.glob(f"{PREFIX}*"):
        if abandoned(leftover):
            cache.discard(leftover)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=paths.SCRATCH))
    # apt's own user gets in.
    folder.chmod(0o755)
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        _kill_the_others()
        _unmount_below(folder)
        cache.discard(folder)
        os.close(lock)


def abandoned(folder: Path) -> bool:
    """Whether no build is at work in a folder of root's any more."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        status = os.fstat(lock)
        if status.st_uid != 0 or time.time() - status.st_mtime < YOUNG:
            return False
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def _kill_the_others() -> None:
    """What an interrupted command leaves would go on writing into the folder."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def _unmount_below(folder: Path) -> None:
    """What a killed command had mounted: nothing is removed through a mount, nor its place."""
    rows = Path("/proc/self/mountinfo").read_text().splitlines()
    mounted = [target for target in (row.split()[4] for row in rows) if below(target, folder)]
    for target in reversed(mounted):
        subprocess.run(["umount", "--lazy", target], capture_output=True, check=False)


def below(path: str, folder: Path) -> bool:
    """Whether a path is inside a folder."""
    return Path(path) != folder and Path(path).is_relative_to(folder)


def _end_with_the_caller() -> None:
    """Standard input ends where the caller does, however that comes about."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _end(number: int, frame: object) -> None:
    # Once: what is done at the end is done to the end.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _report(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
