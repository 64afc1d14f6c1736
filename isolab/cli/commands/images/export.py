"""`./lab image export`: a lab's images from elsewhere in one file, for another machine."""

import argparse
from pathlib import Path

from isolab.cli.commands.images.listing import read
from isolab.cli.errors import BAD_INPUT, DONE, UNABLE, Failure
from isolab.plan import images

NAME = "export"


def configure(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the part's arguments."""
    parser = what.add_parser(NAME, help="write a lab's images into one file for image add")
    parser.add_argument(
        "lab",
        metavar="LAB",
        help="the lab whose images are written, without those that isolab builds",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the OCI archive to write")
    parser.set_defaults(part=run)


def run(arguments: argparse.Namespace) -> int:
    """Write them, or say which are not here."""
    from machine.images import export, outside, registry_storage

    file: Path = arguments.file
    lab = read(arguments.lab)
    names, digests = outside.named(lab), outside.digests(lab)
    if not names:
        raise Failure(
            BAD_INPUT,
            f"lab {lab.name} uses no image that isolab does not build",
            "there is nothing to export",
        )
    if absent := [name for name in names if name not in digests]:
        hint = f"./lab image pull {arguments.lab} fetches, ./lab image add adds"
        raise Failure(UNABLE, f"not in this machine's store: {', '.join(absent)}", hint)
    try:
        size = export.write({images.full_name(name): d for name, d in digests.items()}, file)
    except registry_storage.Broken as broken:
        hint = "./lab image pull or ./lab image add brings it again"
        raise Failure(UNABLE, f"the store lacks a part of an image: {broken}", hint) from broken
    except OSError as error:
        raise Failure(UNABLE, f"{file} cannot be written: {error.strerror or error}") from error
    print(f"{file}: {len(digests)} images, {size / 2**20:.1f} MiB")
    return DONE
