"""Which service images exist, what each is made from, and which of them are built."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from machine import paths
from machine.images import rows

SUITE = "bookworm"
"""The Debian release that all images are made from."""
RECIPES = paths.REPO / "images"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """A service image as isolab makes it."""

    folder: str
    """In images/."""
    parent: str | None
    """The folder of the image it stands on."""
    preloaded: bool = False
    """Whether guests bring its layers along: large, and seldom changed."""

    @property
    def name(self) -> str:
        """As it stands in a lab file."""
        return f"isolab/{self.folder}:1"


BASE = Recipe(folder="base", parent=None)
REGISTRY = Recipe(folder="registry", parent="base")
IMAGES = (
    BASE,
    REGISTRY,
    Recipe(folder="python", parent="base", preloaded=True),
    Recipe(folder="guestbook", parent="python"),
    Recipe(folder="mariadb", parent="python", preloaded=True),
    Recipe(folder="haproxy", parent="base"),
)
"""Parents before children; the registry first of these, since it keeps the others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """An image that is in the registry's storage."""

    source: str
    """sha256 of what it was made from."""
    digest: str
    """sha256:… of its manifest: what guests pull."""
    id: str
    """sha256:… of its configuration: what Docker calls it once it is there."""


def folder() -> Path:
    """Where the catalog and the registry's own image lie."""
    return paths.cache() / "services"


def storage() -> Path:
    """The folder that the registry serves."""
    return paths.cache() / "registry"


def registry_archive() -> Path:
    """The registry's image as a file: it cannot come out of a registry."""
    return folder() / "registry.tar"


def sources() -> Mapping[str, str]:
    """Image to the sha256 of what it is made from."""
    found: dict[str, str] = {}
    for recipe in IMAGES:
        summary = hashlib.sha256(f"{SUITE} {found.get(recipe.parent or '')}\n".encode())
        for line in _contents(RECIPES / recipe.folder):
            summary.update(line)
        found[recipe.folder] = summary.hexdigest()
    return {recipe.name: found[recipe.folder] for recipe in IMAGES}


def _contents(recipe: Path) -> Iterator[bytes]:
    for file in sorted(recipe.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            executable = bool(file.stat().st_mode & 0o100)
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            yield f"{file.relative_to(recipe)} {executable} {content}\n".encode()


def read() -> dict[str, Built]:
    """What was built, by image; nothing where no catalog is."""
    return rows.read(_file(), Built)


def write(built: Mapping[str, Built]) -> None:
    """Replace the catalog, whole or not at all."""
    rows.write(_file(), built)


def _file() -> Path:
    return folder() / "catalog.json"


def stale() -> tuple[Recipe, ...]:
    """What has to be built: changed or missing, or standing on such an image."""
    built, wanted = read(), sources()
    found: list[Recipe] = []
    for recipe in IMAGES:
        row = built.get(recipe.name)
        current = (
            row is not None
            and row.source == wanted[recipe.name]
            and is_stored(f"isolab/{recipe.folder}", row.digest)
        )
        # Without the registry's image nothing stored can be read: start again.
        if recipe is BASE and not registry_archive().exists():
            current = False
        if not current or recipe.parent in {parent.folder for parent in found}:
            found.append(recipe)
    return tuple(found)


def is_stored(repository: str, digest: str) -> bool:
    """Whether the registry's storage holds an image."""
    manifests = storage() / "docker/registry/v2/repositories" / repository / "_manifests"
    return (manifests / "revisions/sha256" / digest.removeprefix("sha256:") / "link").exists()
