"""A lab's checkpoints: its guests' disks and the engine's state of one moment, on this machine.

One folder each, below its stack's. A folder has its name only once it is whole.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from isolab.plan import roles
from machine import paths, private_files
from machine.deployment.state import Resource, State, urn_name, urn_type

_RECORD, _STATE = "checkpoint.json", "state.json"
_RESTORING = ".restoring"


@dataclass(frozen=True, kw_only=True, slots=True)
class Disk:
    """One disk of a guest."""

    guest: str
    pool: str
    volume: str
    """Its name in the pool, and that of its copy in the checkpoint's folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """What was saved."""

    stack: str
    name: str
    at: str
    """When, as 2026-11-28T17:05:09+01:00."""
    paused: float
    """Seconds for which the guests stood still."""
    disks: tuple[Disk, ...]
    sizes: tuple[int, ...]
    """Bytes of each disk's copy."""
    domains: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return folder(self.stack) / self.name

    @property
    def size(self) -> int:
        """Bytes that it takes; what was never written takes none."""
        files = (file.stat() for file in self.folder.iterdir())
        return sum(file.st_blocks * 512 for file in files)

    @property
    def state(self) -> str:
        """The engine's state, as `pulumi stack export` told it."""
        return (self.folder / _STATE).read_text()

    def incomplete(self) -> str:
        """The first copy of a disk that is not as it was saved; empty where there is none."""
        for disk, size in zip(self.disks, self.sizes, strict=True):
            file = self.folder / disk.volume
            if not file.is_file() or file.stat().st_size != size:
                return disk.volume
        return ""


def folder(stack: str) -> Path:
    """Where a stack's checkpoints are."""
    return paths.home() / "checkpoints" / stack


def stacks() -> tuple[str, ...]:
    """The stacks that have any."""
    return tuple(sorted(place.name for place in folder("").glob("*") if place.is_dir()))


def of(stack: str) -> tuple[Checkpoint, ...]:
    """A stack's checkpoints, the oldest first."""
    found = (_read(file) for file in folder(stack).glob(f"[!.]*/{_RECORD}"))
    return tuple(sorted(found, key=lambda each: each.at))


def _read(file: Path) -> Checkpoint:
    raw: dict[str, Any] = json.loads(file.read_text())
    return Checkpoint(
        stack=raw["stack"],
        name=raw["name"],
        at=raw["at"],
        paused=raw["paused"],
        disks=tuple(Disk(**disk) for disk in raw["disks"]),
        sizes=tuple(raw["sizes"]),
        domains=tuple(raw["domains"]),
    )


def disks_of(known: State) -> tuple[Disk, ...]:
    """The root and data disks of a stack's guests."""
    return tuple(
        Disk(guest=known.guest_of(each), pool=str(each.inputs["pool"]), volume=each.name)
        for each in known.resources
        if _is_a_guests_disk(each)
    )


def _is_a_guests_disk(resource: Resource) -> bool:
    found = roles.find(resource.urn.split("::")[2], urn_name(resource.urn))
    return found is not None and found.role in (roles.ROOT, roles.DATA)


@contextmanager
def new(stack: str, name: str) -> Iterator[Path]:
    """A folder for the disks of a checkpoint; without `finish` it goes again."""
    partial = folder(stack) / f".{name}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        _remove_if_empty(folder(stack))


def finish(partial: Path, checkpoint: Checkpoint, state: str) -> None:
    """Make the folder the checkpoint's."""
    private_files.write(partial / _STATE, state.encode())
    private_files.write(partial / _RECORD, json.dumps(asdict(checkpoint), indent=1).encode())
    partial.rename(checkpoint.folder)


def remove(checkpoint: Checkpoint) -> None:
    """Remove one."""
    shutil.rmtree(checkpoint.folder)
    _remove_if_empty(folder(checkpoint.stack))


def forget(stack: str) -> None:
    """Remove all of a stack's."""
    shutil.rmtree(folder(stack), ignore_errors=True)
    _remove_if_empty(folder(""))


def _remove_if_empty(place: Path) -> None:
    if place.is_dir() and not any(place.iterdir()):
        place.rmdir()


@contextmanager
def restoring(checkpoint: Checkpoint) -> Iterator[None]:
    """Remember, until it is through, that a stack's disks are not whole."""
    note = folder(checkpoint.stack) / _RESTORING
    private_files.write(note, checkpoint.name.encode())
    yield
    note.unlink()


def half_restored(stack: str) -> str:
    """The checkpoint whose restoring did not come to its end; empty where there is none."""
    note = folder(stack) / _RESTORING
    return note.read_text() if note.is_file() else ""


def another(saved: State, known: State) -> str:
    """What was created since a checkpoint, so that its disks fit no more; empty where nothing.

    Containers in guests are on the disks and in the state that come back together. The guests
    themselves, and all that is on the host, stay as they are now.
    """
    then, now = _outside_of_guests(saved), _outside_of_guests(known)
    for urn in sorted({*then, *now}):
        if then.get(urn) != now.get(urn):
            return f"{urn_type(urn).rsplit(':')[-1].lower()} {urn_name(urn)}"
    return ""


def _outside_of_guests(known: State) -> dict[str, str]:
    return {
        each.urn: each.id
        for each in known.resources
        if not (each.is_component or each.is_provider)
        and (each.type.startswith("libvirt:") or not known.guest_of(each))
    }
