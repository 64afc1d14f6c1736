"""The image that guests boot from: found in the cache, else built from Debian's packages.

Docker and the layers of the service images are in it, so that no guest installs anything at its
first boot, with internet or without.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from isolab.plan.model import GuestImage
from isolab.units import MiB
from machine import paths
from machine.images import cache, guest_build, root_build, service_images
from machine.steps import Report, timed

BUILDERS = ("guest_build.py", "cpio.py")


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What is recorded beside an image about it."""

    digest: str
    virtual_size: MiB
    prepared: bool
    direct: bool
    """It comes with a kernel and an initrd, and needs no boot loader."""
    arguments: tuple[str, ...] = ()


def find() -> GuestImage | None:
    """The image that this checkout's guests boot from, if it is there."""
    digest = recipe_digest()
    return _load(place() / digest) if digest else None


def ensure(report: Report) -> GuestImage:
    """The image, made first if it is not there; older ones stay for the stacks that use them.

    It brings layers of the service images along: it is another one once these are.
    """
    with cache.alone(place()):
        if found := find():
            return found
        made = _build(report)
        return _load(made) or _vanished(made)


def recipe_digest() -> str | None:
    """The hash of all that a built image is made from, except the versions of Debian's packages.

    None as long as the service images are not built whose layers it brings along.
    """
    try:
        digest = hashlib.sha256(service_images.preload_digest().encode())
    except KeyError:
        return None
    for path in sorted(_ingredients()):
        digest.update(path.relative_to(paths.REPO).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _ingredients() -> Iterator[Path]:
    yield from (path for path in guest_build.RECIPE.rglob("*") if path.is_file())
    yield from (Path(__file__).with_name(name) for name in BUILDERS)


def _build(report: Report) -> Path:
    service_images.ensure(report)
    digest = recipe_digest()
    assert digest, "the service images were just built"
    with cache.folder(place() / digest) as partial:
        with timed("guest image", "building it from Debian's packages", report):
            root_build.run("guest image", partial, report)
        _save(
            partial,
            Manifest(
                digest=digest,
                virtual_size=guest_build.virtual_size(partial / "disk.qcow2"),
                prepared=True,
                direct=True,
                arguments=guest_build.ARGUMENTS,
            ),
        )
    return place() / digest


def place() -> Path:
    """The cache folder of images, each in a folder with the name of its recipe's digest."""
    return paths.cache() / "guest"


def _save(folder: Path, manifest: Manifest) -> None:
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest) + b"\n")


def _load(folder: Path) -> GuestImage | None:
    """An image of the cache; None where there is none, or its manifest is not one of ours."""
    try:
        text = (folder / "manifest.json").read_bytes()
        manifest = msgspec.json.decode(text, type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None
    return GuestImage(
        digest=manifest.digest,
        disk=str(folder / "disk.qcow2"),
        virtual_size=manifest.virtual_size,
        prepared=manifest.prepared,
        kernel=str(folder / "vmlinuz") if manifest.direct else None,
        initrd=str(folder / "initrd.img") if manifest.direct else None,
        arguments=manifest.arguments,
    )


def _vanished(folder: Path) -> GuestImage:
    raise guest_build.CannotBuild(
        f"{folder} was removed while it was in use: run the command again"
    )
