"""`./lab image add`: an image from a file, a folder or this machine's Docker into the store."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from isolab.cli.context.engine import say
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.plan import images
from isolab.rules.docker import IMAGE

if TYPE_CHECKING:
    from machine.images.archives import Found

NAME = "add"


def configure(what: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the part's arguments."""
    parser = what.add_parser(NAME, help="put an image into this machine's store, for all labs")
    parser.add_argument(
        "image",
        metavar="NAME|FILE|FOLDER",
        help="an image of this machine's Docker, what docker save wrote, an OCI archive or layout",
    )
    parser.add_argument(
        "--as",
        dest="called",
        metavar="NAME",
        help="the name for the image in lab files",
    )
    parser.set_defaults(part=run)


def run(arguments: argparse.Namespace) -> int:
    """Copy it, and tell what guests will pull."""
    from machine.images import archives, outside, store

    given, called = arguments.image, arguments.called
    path = Path(given)
    # A project often has a folder that is called like its image.
    by_name = not path.is_file() and not (path / "oci-layout").is_file()
    if path.exists() and not (by_name and outside.in_docker(given)):
        try:
            with archives.opened(path) as found:
                added = store.add(_named(found, given, called), str(path.resolve()), say)
        except archives.NotAnArchive as error:
            raise Failure(BAD_INPUT, error.message, error.hint) from error
    else:
        name = _checked(called or given)
        if not outside.in_docker(given):
            hint = "./lab image pull fetches it, or docker save writes it to a file where it is"
            raise Failure(
                BAD_INPUT, f"{given} is neither a file nor an image of Docker on this machine", hint
            )
        added = store.add_from_docker(given, name, say)
    for name, row in added.items():
        print(f"{name}  {row.digest}")
    return DONE


def _named(found: "Sequence[Found]", file: str, called: str | None) -> "list[Found]":
    """The images, each with a name that it may have."""
    if called and len(found) == 1:
        return [replace(found[0], name=_checked(called))]
    if called or not found:
        names = ", ".join(image.name or "one without a name" for image in found) or "none"
        raise Failure(
            BAD_INPUT,
            f"{file} holds {len(found)} images: {names}",
            "--as NAME needs a file with one image",
        )
    for image in found:
        if not image.name:
            raise Failure(BAD_INPUT, f"an image in {file} has no name", "give it one: --as NAME")
        _checked(image.name)
    return list(found)


def _checked(name: str) -> str:
    if not IMAGE.fullmatch(name):
        raise Failure(
            BAD_INPUT, f"{name!r} is not an image reference", "for example --as nginx:1.27"
        )
    if not images.is_outside(name):
        raise Failure(
            BAD_INPUT,
            f"{name} is the name of one of isolab's images",
            "give it another name: --as NAME",
        )
    return name
