"""The service images on this machine: built when they changed, stored in a registry's storage."""

import fcntl
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from machine.host.docker_cli import docker, image_id
from machine.images import registry, service_build, service_catalog
from machine.images.preload import preload_digest
from machine.images.service_catalog import REGISTRY, Built, Recipe
from machine.steps import Report, Unable, timed

__all__ = [
    "RegistryFiles",
    "digests",
    "ensure",
    "load_registry_image",
    "preload_digest",
    "rebuild",
    "registry_files",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryFiles:
    """What a stack's registry container is made from."""

    image: str
    """Id of the registry's image in the machine's Docker."""
    storage: str
    """The folder with all images of the machine."""
    repositories: str = ""
    """The folder with the names of those that it serves; empty serves all."""


def digests() -> Mapping[str, str]:
    """Image as in the lab file to the digest that guests pull; asks nobody."""
    return {name: row.digest for name, row in service_catalog.read().items()}


def registry_files() -> RegistryFiles:
    """For the stack's registry; asks nobody."""
    row = service_catalog.read().get(REGISTRY.name)
    if row is None:
        raise Unable(
            "the service images are not built on this machine", "./lab image build builds them"
        )
    return RegistryFiles(image=row.id, storage=str(service_catalog.storage()))


def load_registry_image() -> str:
    """Makes sure that the machine's Docker has the registry's image; its id."""
    return registry.load_image()


def ensure(report: Report) -> Mapping[str, str]:
    """Builds and keeps what is missing or changed; image to digest."""
    if service_catalog.stale():
        with alone():
            _build(service_catalog.stale(), report)
    return digests()


def rebuild(report: Report) -> Mapping[str, str]:
    """Builds all of them, also those that did not change; image to digest."""
    with alone():
        _build(service_catalog.IMAGES, report)
    return digests()


@contextmanager
def alone() -> Generator[None, None, None]:
    """One build at a time: a second one waits, and then finds the work done."""
    service_catalog.folder().mkdir(parents=True, exist_ok=True)
    with (service_catalog.folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(recipes: tuple[Recipe, ...], report: Report) -> None:
    built = service_catalog.read()
    wanted = service_catalog.sources()
    unpushed: list[Recipe] = []
    with ExitStack() as stack:
        address: str | None = None
        if recipes and REGISTRY not in recipes:
            address = stack.enter_context(registry.serving(registry.load_image()))
        for recipe in recipes:
            name = f"isolab/{recipe.parent}:1"
            parent = built.get(name)
            with timed(f"image {recipe.name}", "building it", report):
                if address and parent and image_id(name) != parent.id:
                    registry.pull(name, parent.digest, address, tag=name)
                service_build.build(recipe, report)
                if recipe is REGISTRY:
                    _archive_registry()
                    address = stack.enter_context(registry.serving(recipe.name))
                unpushed.append(recipe)
                if address:
                    for waiting in unpushed:
                        built[waiting.name] = Built(
                            source=wanted[waiting.name],
                            digest=registry.push(waiting.name, address),
                            id=docker("image", "inspect", "--format", "{{.Id}}", waiting.name),
                        )
                        service_catalog.write(built)
                    unpushed.clear()


def _archive_registry() -> None:
    partial = service_catalog.folder() / "registry.partial"
    docker("save", "--output", partial, REGISTRY.name)
    partial.rename(service_catalog.registry_archive())
