"""The registry's storage as files: which images it holds, and what each of them needs.

The layout is that of the Distribution registry's file system driver.
"""

import json
import shutil
from collections.abc import Iterator, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine.images import service_catalog

LAYOUT = "docker/registry/v2"
"""The folder in a storage with all that is in it."""
OWN = ("isolab", "isolab-build", "isolab-images")
"""Folders of repositories that isolab pushes to."""


class Broken(Exception):
    """An image that is to be retained cannot be followed to all that it needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """An image in the storage."""

    repository: str
    digest: str
    """sha256:…"""
    link: Path
    """The file by which the registry knows it."""


def images() -> tuple[Image, ...]:
    """All that isolab pushed."""
    repositories = _root() / "repositories"
    links = (
        link
        for own in OWN
        for link in sorted((repositories / own).glob("**/_manifests/revisions/sha256/*/link"))
    )
    return tuple(
        Image(
            repository=str(link.parents[4].relative_to(repositories)),
            digest=f"sha256:{link.parent.name}",
            link=link,
        )
        for link in links
    )


def unreachable(retained: Set[str]) -> tuple[Path, ...]:
    """The blobs' folders that no image with one of these digests needs.

    Raises:
        Broken: What one of them needs cannot be told.
    """
    needed = {name for digest in retained for name in needs(digest)}
    blobs = _root() / "blobs/sha256"
    return tuple(path for path in sorted(blobs.glob("*/*")) if path.name not in needed)


def forget(image: Image) -> None:
    """Have the registry know an image no more; its blobs stay."""
    shutil.rmtree(image.link.parent, ignore_errors=True)
    manifests = image.link.parents[3]
    for current in manifests.glob("tags/*/current/link"):
        if current.read_text().strip() == image.digest:
            shutil.rmtree(current.parents[1], ignore_errors=True)


def forget_blob(blob: Path) -> None:
    """Remove a blob, and the links by which repositories have it as a layer."""
    repositories = _root() / "repositories"
    for own in OWN:
        for link in (repositories / own).glob(f"**/_layers/sha256/{blob.name}"):
            shutil.rmtree(link, ignore_errors=True)
    shutil.rmtree(blob)


def manifest(digest: str) -> str:
    """An image's manifest, as it is."""
    return data(digest.removeprefix("sha256:")).read_text()


def configuration(manifest: str) -> str:
    """sha256:… of the configuration that a manifest names; empty where it names none."""
    content: dict[str, Any] = json.loads(manifest)
    config: dict[str, Any] = content.get("config") or {}
    return config.get("digest", "")


def layers_size(digest: str) -> int:
    """Bytes of an image's layers, compressed: what a guest pulls."""
    content: dict[str, Any] = json.loads(manifest(digest))
    return sum(layer["size"] for layer in content.get("layers", []))


def size(path: Path) -> int:
    """Bytes that a file or folder takes."""
    files = (path,) if path.is_file() else path.rglob("*")
    found = 0
    for file in files:
        with suppress(OSError):
            found += file.lstat().st_blocks * 512
    return found


def needs(digest: str) -> Iterator[str]:
    """The names of all blobs of an image: its manifest, configuration, layers."""
    try:
        for name in manifests(digest):
            yield name
            content: dict[str, Any] = json.loads(data(name).read_text())
            parts = [*content.get("layers", []), *filter(None, [content.get("config")])]
            yield from (part["digest"].removeprefix("sha256:") for part in parts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Broken(f"{digest}: {error}") from error


def manifests(digest: str) -> Iterator[str]:
    """The names of an image's manifest, and of those that it is an index of."""
    name = digest.removeprefix("sha256:")
    yield name
    content: dict[str, Any] = json.loads(data(name).read_text())
    for inner in content.get("manifests", []):
        yield from manifests(inner["digest"])


def data(name: str) -> Path:
    """A blob's content, by its sha256 without the prefix."""
    return _root() / "blobs/sha256" / name[:2] / name / "data"


def _root() -> Path:
    return service_catalog.storage() / LAYOUT
