"""Images that are built from a local folder."""

from os.path import abspath, exists, isdir, isfile
from pathlib import Path

from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.reading import Fields, forms, many
from isolab.labfile.values.shape import Shaped, describe
from isolab.labfile.values.tables import from_environment, nothing, table
from isolab.model import Build

_KEYS = {
    "context": "The folder with the Dockerfile; without it, the file's own.",
    "dockerfile": "The Dockerfile's path in the context.",
    "args": "Values for the Dockerfile's ARGs.",
    "target": "The stage to stop at.",
    "cache_from": "No effect: the host's Docker keeps what it built.",
    "tags": "No effect: the image has the service's name for it.",
    "labels": "No effect: no label of an image is seen.",
    "pull": "No effect: an image is built from what it names.",
    "cache_to": "No effect: the host's Docker keeps what it built.",
    "no_cache": "No effect: an image is built again where its folder has changed.",
    "no_cache_filter": "No effect, as no_cache.",
    "provenance": "No effect: isolab does not use it.",
    "sbom": "No effect: isolab does not use it.",
    "platforms": "No effect: all guests are linux/amd64.",
}
_NO_EFFECT = ("cache_to", "no_cache", "no_cache_filter", "provenance", "sbom", "platforms")
_OUTSIDE = {
    "additional_contexts": "copy what it needs into the folder, or name an image in FROM",
    "entitlements": "a build gets no further rights here: do it when the container starts",
    "extra_hosts": "let the Dockerfile write the address, or copy the file into the folder",
    "isolation": "it is for Windows, and guests are Linux",
    "network": "a build has the network of the host's Docker",
    "privileged": "a build gets no further rights here: do it when the container starts",
    "secrets": "copy what it needs into the folder, or build the image yourself and push it",
    "shm_size": "a build has Docker's own 64 MiB: write to the disk instead",
    "ssh": "clone it, and build from the folder",
    "ulimits": "a build has the limits of the host's Docker",
    "dockerfile_inline": "write it to a file and name it as dockerfile",
}


def _short(node: Node) -> Build:
    return _checked(node, Build(context=_folder(node)))


def _long(node: Node) -> Build:
    with Fields(node, _KEYS, "build", _OUTSIDE) as fields:
        context = fields.get("context", _FOLDER, None)
        if context is None and "context" not in fields:
            context = _folder(node.holding("."))
        dockerfile = fields.get("dockerfile", scalars.filled, "Dockerfile")
        args = fields.get("args", table(fallback=from_environment), {})
        target = fields.get("target", scalars.text, "")
        fields.get("cache_from", many(scalars.text), ())
        fields.get("tags", many(scalars.text), ())
        fields.get("labels", table(fallback=nothing), {})
        fields.get("pull", scalars.flag, False)
        for key in _NO_EFFECT:
            fields.get(key, scalars.passed_over, None)
    made = Build(context=context or "", dockerfile=dockerfile, args=args, target=target)
    return _checked(fields.where("dockerfile"), made)


def _folder(node: Node) -> str:
    word = scalars.filled(node)
    if "://" in word or word.startswith(("git@", "github.com/")):
        node.refuse(
            f"{word} is not a folder on this machine", "clone it, and build from the folder"
        )
    path = node.origin.path(word)
    if not isdir(path):
        node.refuse(f"{path} is not a folder" if exists(path) else f"{path} is not there")
    if Path(abspath(path)) == Path("/"):
        node.refuse("the host's root folder cannot be a build context")
    return abspath(path)


def _checked(node: Node, build: Build) -> Build:
    if not isfile(Path(build.context) / build.dockerfile):
        node.refuse(
            f"the build context has no {build.dockerfile}", "name the file with dockerfile:"
        )
    return build


_FOLDER = Shaped(_folder, lambda: describe(scalars.local))
build: Reader[Build] = forms(text=Shaped(_short, _FOLDER.shape), mapping=_long)
"""A folder with a Dockerfile, or more about it."""
