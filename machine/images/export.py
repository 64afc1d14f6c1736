"""Images of the store as one file: an OCI archive, with every image's full name.

Blobs and manifests go in as they lie here, so that an image has the same digest on another machine.
"""

import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from machine.images import registry_storage
from machine.images.archives import NAMES

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
"""What a manifest is that does not say it."""


def write(stored: Mapping[str, str], file: Path) -> int:
    """Write images, by their full names to their digests; the file's size in bytes."""
    partial = file.with_name(f"{file.name}.partial")
    try:
        with tarfile.open(partial, "w") as archive:
            _add(archive, "oci-layout", {"imageLayoutVersion": "1.0.0"})
            rows = [_row(name, digest) for name, digest in sorted(stored.items())]
            _add(archive, "index.json", {"schemaVersion": 2, "manifests": rows})
            for blob in _blobs(stored.values()):
                archive.add(registry_storage.data(blob), f"blobs/sha256/{blob}", filter=_plain)
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)
    return file.stat().st_size


def _blobs(digests: Iterable[str]) -> list[str]:
    """Each once, also where several images have it."""
    return sorted({blob for digest in digests for blob in registry_storage.needs(digest)})


def _row(name: str, digest: str) -> dict[str, object]:
    manifest = registry_storage.manifest(digest)
    return {
        "mediaType": json.loads(manifest).get("mediaType", MANIFEST),
        "digest": digest,
        "size": len(manifest.encode()),
        "annotations": {NAMES[1]: name},
    }


def _add(archive: tarfile.TarFile, name: str, document: object) -> None:
    content = json.dumps(document).encode()
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without what only this machine knows: owners and times."""
    plain = tarfile.TarInfo(member.name)
    plain.size = member.size
    return plain
