"""Which images a file or folder holds: of docker save, an OCI archive, an OCI layout."""

import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from machine import paths
from machine.steps import Unable, run

NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
"""Annotations with an image's name, the fullest first."""


class NotAnArchive(Unable):
    """A file or folder that holds no images."""


_BY_NAME = frozenset(f"application/vnd.oci.image.{kind}.v1+json" for kind in ("manifest", "index"))
"""The kinds that skopeo finds by a name among others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An image in an archive."""

    name: str
    """Empty where the archive has none."""
    source: str
    """As skopeo calls it."""
    descriptor: Mapping[str, Any] | None = None
    """The image's row in its layout's index, where skopeo finds it only in one of its own."""


@contextmanager
def opened(path: Path) -> Iterator[tuple[Found, ...]]:
    """The same as `read`, each where skopeo finds it meanwhile."""
    found = read(path)
    if not any(image.descriptor for image in found):
        yield found
        return
    with tempfile.TemporaryDirectory(prefix="isolab-layout-", dir=paths.SCRATCH) as folder:
        layout = path.resolve()
        if not path.is_dir():
            layout = Path(folder) / "all"
            layout.mkdir()
            # Python's own has no filter in Debian 12; tar lets nothing out of the folder.
            options = ("--extract", "--no-same-owner", "--force-local")
            run(["tar", *options, f"--file={path}", f"--directory={layout}"])
        yield tuple(
            _alone(image, layout, Path(folder) / str(number)) if image.descriptor else image
            for number, image in enumerate(found)
        )


def _alone(image: Found, layout: Path, place: Path) -> Found:
    """A layout with one image, which shares the blobs of another."""
    place.mkdir()
    (place / "blobs").symlink_to(layout / "blobs")
    (place / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
    index = {"schemaVersion": 2, "manifests": [image.descriptor]}
    (place / "index.json").write_text(json.dumps(index))
    return replace(image, source=f"oci:{place}")


def read(path: Path) -> tuple[Found, ...]:
    """All images of a file or folder.

    Raises:
        NotAnArchive: It is none of the three.
    """
    if path.is_dir():
        index = path / "index.json"
        if not (path / "oci-layout").is_file() or not index.is_file():
            raise NotAnArchive(
                f"{path} is not an OCI layout", "it has no oci-layout and no index.json"
            )
        return tuple(_of_layout(json.loads(index.read_text()), f"oci:{path}"))
    try:
        with tarfile.open(path) as archive:
            documents = dict(_documents(archive))
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        raise NotAnArchive(
            f"{path} cannot be read: {error}", "use a file that docker save writes"
        ) from error
    if "manifest.json" in documents:
        return tuple(_of_docker(documents["manifest.json"], f"docker-archive:{path}"))
    if "index.json" in documents:
        return tuple(_of_layout(documents["index.json"], f"oci-archive:{path}"))
    raise NotAnArchive(
        f"{path} holds no image: neither manifest.json nor index.json is in it",
        "use a file that docker save writes; docker export does not write an image",
    )


def _documents(archive: tarfile.TarFile) -> Iterator[tuple[str, Any]]:
    wanted = {"manifest.json", "index.json"}
    for member in archive:
        name = member.name.removeprefix("./")
        if name in wanted and (content := archive.extractfile(member)):
            yield name, json.load(content)
            wanted.discard(name)
        if not wanted:
            return


def _of_docker(rows: list[Mapping[str, Any]], archive: str) -> Iterator[Found]:
    for number, row in enumerate(rows):
        names: list[str] = row.get("RepoTags") or []
        yield from (Found(name=name, source=f"{archive}:{name}") for name in names)
        if not names:
            yield Found(name="", source=f"{archive}:@{number}")


def _of_layout(index: Mapping[str, Any], layout: str) -> Iterator[Found]:
    rows: list[Mapping[str, Any]] = index.get("manifests") or []
    for row in rows:
        notes: Mapping[str, str] = row.get("annotations") or {}
        names = [notes[key] for key in NAMES if key in notes]
        reference = notes.get(NAMES[1], "")
        # A tag alone is no name.
        name = next((name for name in names if "/" in name or ":" in name), "")
        if reference or len(rows) == 1:
            yield Found(
                name=name,
                source=f"{layout}:{reference}" if reference else layout,
                descriptor=None if row.get("mediaType", "") in ("", *_BY_NAME) else row,
            )
