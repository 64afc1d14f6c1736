"""`./lab image list`: the images on this machine, or those of a lab and where they come from."""

import argparse
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.cli.output import document
from isolab.model import Lab, Service
from isolab.plan import images

if TYPE_CHECKING:
    from machine.images.outside import Stored

NAME = "list"
ORIGINS = {
    "isolab": "isolab",
    "build": "built by the lab",
    "added": "added",
    "docker": "this Docker",
    "outside": "outside",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An image, as the list tells it."""

    image: str
    origin: str
    """A key of ORIGINS."""
    there: bool
    """Whether guests can pull it from the lab's registry."""
    digest: str | None
    size: int | None
    """Bytes that a guest pulls."""
    services: tuple[str, ...] = ()


def configure(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the part's arguments."""
    parser = what.add_parser(NAME, help="images, digests and where they come from")
    parser.add_argument("lab", nargs="?", metavar="LAB", help="only the images of this lab")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(part=run)


def run(arguments: argparse.Namespace) -> int:
    """List what the store holds, or what a lab needs."""
    show(arguments.lab, as_json=arguments.json)
    return DONE


def show(lab: str | None, *, as_json: bool) -> None:
    """Print the list."""
    from machine.images import guest_image, service_images

    rows = list(_of_lab(read(lab)) if lab else _stored())
    guest = guest_image.find()
    if as_json:
        content = {
            "guest": guest and guest.digest,
            "services": dict(service_images.digests()),
            "images": [{"from" if k == "origin" else k: v for k, v in asdict(row).items()}
                       for row in rows],
        }  # fmt: skip
        print(document.text(content))
        return
    if lab is None:
        print(f"guest image  {guest.digest[:12] if guest else 'not built: ./lab image build'}")
        for name, digest in sorted(service_images.digests().items()):
            print(f"{name:24} {digest}")
    print(*map(_told, rows), sep="\n", end="\n" if rows else "")


def _told(row: Row) -> str:
    line = f"{row.image:24} {ORIGINS[row.origin]:16} "
    if row.there and row.digest:
        return f"{line} {row.digest[:19]} {(row.size or 0) / 2**20:8.1f} MiB"
    missing = {
        "isolab": "not built: ./lab image build",
        "build": "not built: ./lab up builds it",
        "docker": "not in the store: ./lab up brings it",
    }
    return f"{line} {missing.get(row.origin, f'not here: ./lab image add {row.image}')}"


def read(lab: str) -> Lab:
    """The lab of a file, or the end of the command."""
    from isolab import labfile
    from machine.stack import lab_file

    file = lab_file(lab)
    if not file.exists():
        raise Failure(BAD_INPUT, f"there is no lab file {file}")
    read = labfile.load(file, os.environ)
    if not isinstance(read, Lab):
        raise Failure(BAD_INPUT, "\n".join(map(str, read)), "./lab validate shows the details")
    return read


def _stored() -> Iterator[Row]:
    from machine.images import outside

    for name, row in sorted(outside.recorded().items()):
        yield Row(image=name, origin=row.origin, there=True, digest=row.digest, size=row.size)


def _of_lab(lab: Lab) -> Iterator[Row]:
    from machine.images import builds, outside, service_images

    built, held, own = builds.find(lab), outside.recorded(), service_images.digests()
    users: dict[tuple[str, bool], list[Service]] = {}
    for service in lab.services:
        name = images.built(service.name) if service.build else service.image
        users.setdefault((name, service.build is not None), []).append(service)
    for (name, is_build), services in sorted(users.items()):
        names = tuple(service.name for service in services)
        if is_build:
            yield _row(name, "build", built[names[0]].digest, names)
        elif images.is_outside(name):
            yield _from_outside(name, names, held)
        else:
            yield _row(name, "isolab", own.get(name), names)


def _from_outside(image: str, services: tuple[str, ...], held: "Mapping[str, Stored]") -> Row:
    from machine.images import outside

    if row := held.get(images.full_name(image)):
        return _row(image, row.origin, row.digest, services)
    return _row(image, "docker" if outside.in_docker(image) else "outside", None, services)


def _row(image: str, origin: str, digest: str | None, services: tuple[str, ...]) -> Row:
    from machine.images import registry_storage

    size = registry_storage.layers_size(digest) if digest else None
    return Row(
        image=image,
        origin=origin,
        there=digest is not None,
        digest=digest,
        size=size,
        services=services,
    )
