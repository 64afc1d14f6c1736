"""isolab's own images, built again though their recipes are the same: with today's packages."""

from collections.abc import Mapping
from dataclasses import dataclass

from machine.host.docker_cli import DockerFailed, docker
from machine.images import guest_image, service_images
from machine.images.service_catalog import IMAGES
from machine.steps import Report


@dataclass(frozen=True, kw_only=True, slots=True)
class Refreshed:
    """An image that was built again."""

    name: str
    before: str
    """Its digest; empty where it was not there."""
    after: str
    packages: tuple[str, ...]
    """What changed in its packages, a line each; none where the old ones are not known."""


def refresh(report: Report) -> tuple[Refreshed, ...]:
    """Build the service images and the guest image.

    An interrupted refresh leaves images of both days; each is whole, and the next one builds all.
    """
    guest_before = guest_image.find()
    before = service_images.digests()
    packages = _packages()
    after = service_images.rebuild(report)
    now = _packages()
    guest = guest_image.ensure(report)
    services = tuple(
        Refreshed(
            name=name,
            before=before.get(name, ""),
            after=digest,
            packages=changes(packages.get(name), now.get(name)),
        )
        for name, digest in after.items()
    )
    was = guest_before.digest if guest_before else ""
    return (*services, Refreshed(name="guest image", before=was, after=guest.digest, packages=()))


def changes(before: Mapping[str, str] | None, after: Mapping[str, str] | None) -> tuple[str, ...]:
    """What differs between two lists of packages; nothing where one of them is not known."""
    if before is None or after is None:
        return ()
    return tuple(
        f"{name} {before.get(name, 'new')} -> {after.get(name, 'removed')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _packages() -> Mapping[str, Mapping[str, str]]:
    """Package to version, by image; only of images that this machine's Docker has."""
    found: dict[str, Mapping[str, str]] = {}
    for recipe in IMAGES:
        words = ("--rm", "--network", "none", "--entrypoint", "dpkg-query", recipe.name)
        try:
            listed = docker("run", *words, "-W", "-f", "${Package} ${Version}\\n")
        except DockerFailed:
            continue
        found[recipe.name] = dict(line.split(" ", 1) for line in listed.splitlines() if line)
    return found
