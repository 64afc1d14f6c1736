"""Images that are not isolab's own: which of them this machine's store holds.

A name is resolved once for this machine: until it is added or pulled again it means one digest.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from isolab.model import Lab
from isolab.plan import images
from machine.host.docker_cli import image_id
from machine.images import rows, service_catalog

Origin = Literal["added", "docker", "outside"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An image from elsewhere that the store holds."""

    digest: str
    """sha256:… of its manifest: what guests pull."""
    id: str
    """sha256:… of its configuration."""
    size: int
    """Bytes of its layers, compressed."""
    origin: Origin
    """By a file, from this machine's Docker, or from its registry."""
    source: str
    """The file, or the name there."""


def named(lab: Lab) -> tuple[str, ...]:
    """The images from elsewhere that a lab names, as in the lab file."""
    found = {s.image for s in lab.services if not s.build and images.is_outside(s.image)}
    return tuple(sorted(found))


def digests(lab: Lab) -> Mapping[str, str]:
    """Those that the store holds, by their names in the lab file, to what guests pull."""
    wanted = named(lab)
    if not wanted:
        return {}
    held = recorded()
    return {
        image: held[name].digest for image in wanted if (name := images.full_name(image)) in held
    }


def recorded() -> Mapping[str, Stored]:
    """All that the store holds, by their full names."""
    return dict(_held(_read()))


def in_docker(image: str) -> bool:
    """Whether this machine's Docker has an image, where there is a Docker yet."""
    return shutil.which("docker") is not None and image_id(image) is not None


def record(name: str, row: Stored) -> None:
    """Remember an image; who calls has the store alone."""
    rows.write(_file(), {**_read(), name: row})


def forget(name: str) -> None:
    """Know an image no more."""
    rows.write(_file(), {key: row for key, row in _read().items() if key != name})


def _held(known: Mapping[str, Stored]) -> Iterator[tuple[str, Stored]]:
    for name, row in known.items():
        if service_catalog.is_stored(images.outside(name), row.digest):
            yield name, row


def _file() -> Path:
    return service_catalog.folder() / "images.json"


def _read() -> dict[str, Stored]:
    return rows.read(_file(), Stored)
