"""`./lab image`: the images that guests and services are made from."""

import argparse
import json
from ipaddress import ip_address

from isolab.cli.context.engine import say
from isolab.cli.errors import BAD_INPUT, DONE, Failure
from isolab.labfile.syntax.node import did_you_mean

NAME = "image"
HELP = "list the images on this machine, build them, push them to another registry"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    listing = what.add_parser("list", help="names and digests")
    listing.add_argument("--json", action="store_true", help="one JSON document")
    build = what.add_parser("build", help="build what is missing or changed")
    build.add_argument("--yes", action="store_true", help="agree to sudo beforehand")
    push = what.add_parser("push", help="send service images to another registry, by digest")
    push.add_argument("images", nargs="+", metavar="IMAGE", help="as in lab files")
    push.add_argument("--to", required=True, metavar="HOST:PORT", help="the other registry")
    push.add_argument(
        "--plain-http", action="store_true", help="without TLS, also where it is not on loopback"
    )


def run(arguments: argparse.Namespace) -> int:
    """List, build or push."""
    match arguments.what:
        case "build":
            _build(yes=arguments.yes)
        case "push":
            _push(arguments)
        case _:
            _list(as_json=arguments.json)
    return DONE


def _list(*, as_json: bool) -> None:
    from machine.images import guest_image, service_images

    guest = guest_image.find()
    digests = dict(service_images.digests())
    if as_json:
        document = {"guest": guest and guest.digest, "services": digests}
        print(json.dumps(document, indent=1))
        return
    print(f"guest image  {guest.digest[:12] if guest else 'not built: ./lab image build'}")
    for name, digest in sorted(digests.items()):
        print(f"{name:24} {digest}")


def _build(*, yes: bool) -> None:
    from machine.setup import provision

    provision.prepare_shared(say, yes=yes)
    _list(as_json=False)


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
