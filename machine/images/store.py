"""Images from elsewhere into this machine's store, from where guests pull them by digest.

The store is the storage of the lab's registry: what is in it once serves every guest.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from isolab.plan import images
from machine import paths
from machine.host import docker_cli
from machine.images import outside, registry, registry_storage, service_images, skopeo
from machine.images.archives import Found
from machine.images.outside import Origin, Stored
from machine.steps import Report


def add(found: Sequence[Found], file: str, report: Report) -> dict[str, Stored]:
    """Images of a file or folder; by their full names."""
    return _bring(found, "added", file, report)


def pull(names: Sequence[str], report: Report) -> dict[str, Stored]:
    """Images from their registries, as these are now."""
    found = [Found(name=name, source=f"docker://{_asked(name)}") for name in names]
    return _bring(found, "outside", "", report)


def add_from_docker(name: str, called: str, report: Report) -> dict[str, Stored]:
    """An image of this machine's Docker, under a name."""
    # Not by skopeo: it speaks a version of Docker's interface that new daemons refuse.
    with tempfile.TemporaryDirectory(prefix="isolab-image-", dir=paths.SCRATCH) as folder:
        file = Path(folder) / "image.tar"
        docker_cli.docker("save", "--output", file, name)
        found = [Found(name=called, source=f"docker-archive:{file}")]
        return _bring(found, "docker", name, report)


def _bring(
    found: Sequence[Found], origin: Origin, source: str, report: Report
) -> dict[str, Stored]:
    service_images.registry_files()
    brought: dict[str, Stored] = {}
    with service_images.alone(), registry.serving(registry.load_image()) as address:
        for image in found:
            name = images.full_name(image.name)
            brought[name] = _one(image, name, address, origin, source, report)
            outside.record(name, brought[name])
            report(f"image {name}: {brought[name].size / 2**20:.1f} MiB in the store")
    return brought


def _asked(name: str) -> str:
    """The name as skopeo takes it: a tag or a digest, not both."""
    full = images.full_name(name)
    whole, at, digest = full.partition("@")
    folder, _, last = whole.rpartition("/")
    return f"{folder}/{last.partition(':')[0]}@{digest}" if at else full


def _one(
    image: Found, name: str, address: str, origin: Origin, source: str, report: Report
) -> Stored:
    known = outside.recorded().get(name)
    # What is packed again may have another digest, and is no other image.
    if origin != "outside" and known and known.id == _id(image):
        return known
    tag = name.rpartition(":")[2] if "@" not in name else "latest"
    options: tuple[str, ...] = ()
    if origin == "outside":
        report(f"image {name}: fetching it")
        source = images.registry(name)
        options = ("--preserve-digests", *skopeo.verification(source, "src-tls-verify"))
    digest = skopeo.copy(image.source, address, f"{images.outside(name)}:{tag}", *options)
    return Stored(
        digest=digest,
        id=registry_storage.configuration(registry_storage.manifest(digest)),
        size=registry_storage.layers_size(digest),
        origin=origin,
        source=source,
    )


def _id(image: Found) -> str:
    return registry_storage.configuration(skopeo.manifest(image.source))
