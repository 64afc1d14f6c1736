"""Cloud images of the user's own that guests of a lab boot from."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from isolab.model import Lab
from isolab.plan.model import GuestImage
from isolab.units import MiB
from machine import paths

_SIZE = slice(24, 32)
"""Where the header of a qcow2 says how big its disk is, in bytes."""


def find(lab: Lab) -> Mapping[str, GuestImage]:
    """All that a lab names, by their paths from the lab file."""
    folder = Path(lab.file).parent
    return {name: _read((folder / name).resolve()) for name in sorted(set(_named(lab)))}


def _named(lab: Lab) -> Iterator[str]:
    for group in lab.guests:
        for guest in (group, *group.exceptions.values()):
            if guest.image:
                yield guest.image


def _read(file: Path) -> GuestImage:
    """isolab prepares none of these: cloud-init installs Docker at the guest's first boot."""
    with file.open("rb") as image:
        size = int.from_bytes(image.read(32)[_SIZE])
    return GuestImage(
        digest=_digest(file), disk=str(file), virtual_size=MiB(-(-size // 2**20)), prepared=False
    )


def _digest(file: Path) -> str:
    """The file's sha256, remembered as long as its size and its time stay the same."""
    status = file.stat()
    key = f"{file}\0{status.st_size}\0{status.st_mtime_ns}"
    place = paths.cache() / "own-images" / hashlib.sha256(key.encode()).hexdigest()
    try:
        return json.loads(place.read_text())["digest"]
    except (OSError, ValueError, KeyError):
        with file.open("rb") as image:
            digest = hashlib.file_digest(image, "sha256").hexdigest()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps({"digest": digest, "file": str(file)}) + "\n")
        return digest
