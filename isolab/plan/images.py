"""What images are called in the lab's registry."""

import re

from isolab.plan.model import Container

BUILT = "isolab-build"
"""Holds the images that lab files build."""


def built(service: str) -> str:
    """The repository of an image that is built for a service."""
    return f"{BUILT}/{re.sub(r'[^a-z0-9]+', '-', service.lower()).strip('-') or 'image'}"


def reference(container: Container, registry: str) -> str:
    """The image by digest in the lab's registry; as the lab file says where it is not there."""
    if container.digest is None:
        return container.image
    repository = built(container.service) if container.build else container.image.rsplit(":", 1)[0]
    return f"{registry}/{repository}@{container.digest}"
