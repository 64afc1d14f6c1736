"""What images are called in the lab's registry."""

import re

from isolab.plan.model import Container

BUILT = "isolab-build"
"""Holds the images that lab files build."""
OUTSIDE = "isolab-images"
"""Holds the images that come from elsewhere."""
OWN = "isolab/"
"""How the names of isolab's own images begin."""
HUB = "docker.io"
_PORT = re.compile(r":(?=\d+/)")


def built(service: str) -> str:
    """The repository of an image that is built for a service."""
    return f"{BUILT}/{re.sub(r'[^a-z0-9]+', '-', service.lower()).strip('-') or 'image'}"


def full_name(image: str) -> str:
    """An image's name as Docker completes it: nginx is docker.io/library/nginx:latest."""
    first, slash, _ = image.partition("/")
    if not slash or not (set(".:") & set(first) or first == "localhost" or first != first.lower()):
        image = f"{HUB}/{image}" if slash else f"{HUB}/library/{image}"
    image = re.sub(r"^(index|registry-1)\.docker\.io/", f"{HUB}/", image)
    if re.fullmatch(rf"{HUB}/[^/]+", image):
        image = image.replace("/", "/library/", 1)
    tagged = "@" in image or ":" in image.rpartition("/")[2]
    return image if tagged else f"{image}:latest"


def outside(image: str) -> str:
    """The repository of an image from elsewhere: isolab-images/docker.io/library/nginx."""
    name = full_name(image).partition("@")[0]
    folder, _, last = name.rpartition("/")
    return f"{OUTSIDE}/{_PORT.sub('-', f'{folder}/').lower()}{last.partition(':')[0]}"


def registry(image: str) -> str:
    """Whom an image from elsewhere is asked of."""
    return full_name(image).partition("/")[0]


def is_outside(image: str) -> bool:
    """Whether an image that a lab file names comes from elsewhere."""
    return bool(image) and not image.startswith(OWN)


def unresolved(container: Container) -> bool:
    """Whether its image comes from elsewhere and its digest is not known."""
    return container.digest is None and not container.build and is_outside(container.image)


def repository(container: Container) -> str:
    """Where its image lies in the lab's registry."""
    if container.build:
        return built(container.service)
    if is_outside(container.image):
        return outside(container.image)
    return container.image.rsplit(":", 1)[0]


def reference(container: Container, endpoint: str) -> str:
    """The image by digest in the lab's registry; as the lab file says where it is not there."""
    if container.digest is None:
        return container.image
    return f"{endpoint}/{repository(container)}@{container.digest}"
