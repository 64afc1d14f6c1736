"""What a stack's registry serves of the machine's storage: the images of the stack's own plan.

A registry finds an image, and the layers that may be read with it, by link files below a
repository's name. So a stack has a folder of such files, and its registry sees no others; the
blobs themselves are stored once for all stacks.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from isolab.plan import images
from isolab.plan.model import Plan
from machine import keys
from machine.images import registry_storage
from machine.images.registry_storage import Broken


def folder(stack: str) -> Path:
    """Where a stack's link files lie; they go with the stack's other files."""
    return keys.folder(stack) / "repositories"


def write(plan: Plan) -> Path:
    """Link what the plan's containers run; the folder.

    What an earlier plan linked stays until the stack is gone: a preview of another lab file does
    not take away what an `up` beside it is about to pull.
    """
    made = folder(plan.stack)
    _readable(made)
    for repository, digest in sorted(_images(plan)):
        with suppress(Broken):  # who pulls it is told that it is not there
            for link, name in [*_links(repository, digest)]:
                _write(made, link, name)
    return made


def _images(plan: Plan) -> set[tuple[str, str]]:
    balancers = (balancer.container for balancer in plan.balancers)
    return {
        (images.repository(container), container.digest)
        for container in (*plan.containers, *plan.host_containers, *balancers)
        if container.digest
    }


def _links(repository: str, digest: str) -> Iterator[tuple[Path, str]]:
    """Each link file of an image, and the blob that it leads to."""
    needed = [*registry_storage.needs(digest)]
    for name in needed:
        yield Path(repository, "_layers/sha256", name, "link"), name
    for name in registry_storage.manifests(digest):
        yield Path(repository, "_manifests/revisions/sha256", name, "link"), name


def _write(made: Path, link: Path, name: str) -> None:
    file = made / link
    if file.exists():
        return
    for parent in reversed(link.parents):
        _readable(made / parent)
    partial = file.with_name(f".link.{os.getpid()}")
    partial.write_text(f"sha256:{name}")
    partial.chmod(0o644)
    partial.rename(file)


def _readable(path: Path) -> None:
    """A folder that the registry's user reads, whatever the umask is."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o755)
