"""`./lab image`: the images that guests and services are made from."""

import argparse
from ipaddress import ip_address

from isolab.cli.commands.images import add, export, listing, pull, refresh
from isolab.cli.context.engine import say
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.labfile.syntax.node import did_you_mean

NAME = "image"
HELP = (
    "manage the images of labs: list, add, pull, export, build, refresh, push to another registry"
)
PARTS = (listing, add, pull, export, refresh)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    for part in PARTS:
        part.configure(what)
    build = what.add_parser("build", help="build what is missing or changed")
    build.add_argument("--yes", action="store_true", help="use sudo without asking")
    push = what.add_parser("push", help="send service images to another registry, by digest")
    push.add_argument("images", nargs="+", metavar="IMAGE", help="its name in lab files")
    push.add_argument("--to", required=True, metavar="HOST:PORT", help="the registry's address")
    push.add_argument(
        "--plain-http",
        action="store_true",
        help="use http, also for a registry that is not on loopback",
    )


def run(arguments: argparse.Namespace) -> int:
    """What the part does."""
    match arguments.what:
        case "build":
            _build(yes=arguments.yes)
        case "push":
            _push(arguments)
        case _:
            return arguments.part(arguments)
    return DONE


def _build(*, yes: bool) -> None:
    from machine.setup import provision

    provision.prepare_shared(say, yes=yes)
    listing.show(None, as_json=False)


def _push(arguments: argparse.Namespace) -> None:
    from machine.images import image_push, service_images

    digests = service_images.digests()
    for name in arguments.images:
        if name not in digests:
            hint = did_you_mean(name, digests) or "./lab image list shows them"
            raise Failure(BAD_INPUT, f"there is no image {name!r} on this machine", hint)
    plain = arguments.plain_http or _on_loopback(arguments.to)
    base = f"{'http' if plain else 'https'}://{arguments.to}"
    for name in arguments.images:
        image_push.push(name, digests[name], base, say)
        print(f"{arguments.to}/{name.partition(':')[0]}@{digests[name]}")


def _on_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
