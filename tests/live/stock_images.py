"""Builds the like of stock images from Debian packages, and puts them into this machine's store.

`./lab test` runs it before the sandbox, in which no mirror is reached. The names are of no real
registry, so that no lab of this machine ever meets them.
"""

import os
from hashlib import sha256
from pathlib import Path

from isolab.cli import main
from machine import paths
from machine.host.docker_cli import docker
from machine.images import outside, service_catalog, service_images

RECIPES = Path(__file__).parent / "stock"
NAMES = tuple(sorted(folder.name for folder in RECIPES.iterdir()))
REGISTRY = "stock.test"
PROXIES = ("http_proxy", "https_proxy", "no_proxy")


def name(recipe: str) -> str:
    """As it stands in a compose file."""
    return f"{REGISTRY}/{recipe}:1"


def missing() -> tuple[str, ...]:
    """Those that the store does not hold as they would be built now."""
    held, known = outside.recorded(), _built()
    return tuple(n for n in NAMES if name(n) not in held or known.get(n) != _source(n))


def ensure() -> None:
    """Build what is missing."""
    service_images.ensure(print)
    for recipe in missing():
        print(f"stock image {recipe}: building it", flush=True)
        words = [w for p in PROXIES if p in os.environ for w in ("--build-arg", p)]
        docker(
            "build", "--quiet", "--network", "host", "--tag", name(recipe),
            *words, RECIPES / recipe,
        )  # fmt: skip
        assert main(["image", "add", name(recipe)]) == 0
        docker("rmi", name(recipe))
        _record(recipe)


def _source(recipe: str) -> str:
    base = service_catalog.sources()["isolab/base:1"].encode()
    files = sorted((RECIPES / recipe).iterdir())
    return sha256(base + b"".join(file.read_bytes() for file in files)).hexdigest()


def _file(recipe: str) -> Path:
    return paths.cache() / "stock" / recipe


def _built() -> dict[str, str]:
    return {n: _file(n).read_text() for n in NAMES if _file(n).exists()}


def _record(recipe: str) -> None:
    _file(recipe).parent.mkdir(exist_ok=True)
    _file(recipe).write_text(_source(recipe))


if __name__ == "__main__":
    ensure()
