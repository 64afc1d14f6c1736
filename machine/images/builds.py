"""Images that a lab file builds: made on this machine when what they are made from changed.

They go where the service images are, so that guests pull them by digest from the lab's registry.
"""

import hashlib
import json
import os
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from isolab.model import Build, Lab
from isolab.plan import images
from isolab.plan.model import BuiltImage
from machine.host import docker_cli
from machine.host.docker_cli import image_id
from machine.images import registry, rows, service_catalog, service_images
from machine.images.service_build import PROXIES
from machine.images.service_catalog import Built

Report = Callable[[str], None]
LAST_WORDS = 15
"""Lines of a failed build's output that its error shows."""


class BuildFailed(Exception):
    """An image could not be built; the text is the end of what the build said."""


def find(lab: Lab) -> Mapping[str, BuiltImage]:
    """What each service with a build is made from now, and its image if that is built."""
    known = _read()
    found: dict[str, BuiltImage] = {}
    for service in lab.services:
        if service.build:
            source = _source(service.build)
            row = known.get(_key(service.name, source))
            if row and not service_catalog.is_stored(images.built(service.name), row.digest):
                row = None
            found[service.name] = BuiltImage(source=source, digest=row.digest if row else None)
    return found


def ensure(lab: Lab, report: Report) -> None:
    """Build and keep what is missing or changed.

    Raises:
        BuildFailed: A Dockerfile's step failed.
    """
    if all(built.digest for built in find(lab).values()):
        return
    service_images.registry_files()
    with service_images.alone(), registry.serving(registry.load_image()) as address:
        builds = {service.name: service.build for service in lab.services}
        for name, found in find(lab).items():
            build = builds[name]
            if found.digest or build is None:
                continue
            report(f"image of {name}: building from {build.context}")
            started = time.monotonic()
            _bring_parents(build, address)
            tag = f"{images.built(name)}:{found.source[:12]}"
            _build(name, build, tag)
            row = Built(
                source=found.source, digest=registry.push(tag, address), id=image_id(tag) or ""
            )
            rows.write(_file(), {**_read(), _key(name, found.source): row})
            report(f"image of {name}: built in {time.monotonic() - started:.0f} s")


def recorded() -> Mapping[str, Built]:
    """All that was ever built and is known: SERVICE's image and its source to what came of it."""
    return _read()


def forget(key: str) -> None:
    """Know a build no more, and take its name away in this machine's Docker."""
    rows.write(_file(), {name: row for name, row in _read().items() if name != key})
    name, _, source = key.partition(":")
    docker_cli.untag(f"{name}:{source[:12]}")


def _build(service: str, build: Build, tag: str) -> None:
    arguments = [f"{name}={value}" for name, value in build.args.items()]
    arguments += [name for name in PROXIES if name in os.environ]
    command = [
        "docker", "build", "--force-rm", "--tag", tag, "--file", str(_dockerfile(build)),
        *(word for argument in arguments for word in ("--build-arg", argument)),
        *(("--target", build.target) if build.target else ()),
        build.context,
    ]  # fmt: skip
    # Not every client brings BuildKit; whose Dockerfile needs it sets the variable.
    environment = {"DOCKER_BUILDKIT": "0"} | os.environ | {"DOCKER_CLI_HINTS": "false"}
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
        check=False,
    )
    if done.returncode:
        said = "\n  ".join(done.stdout.strip().splitlines()[-LAST_WORDS:])
        raise BuildFailed(f"the image of {service} was not built from {build.context}:\n  {said}")


def _bring_parents(build: Build, address: str) -> None:
    """isolab's own images, where the Dockerfile stands on them, into this machine's Docker."""
    known = service_catalog.read()
    for name in _parents(build):
        if name in known and image_id(name) != known[name].id:
            registry.pull(name, known[name].digest, address, tag=name)


def _parents(build: Build) -> Iterator[str]:
    text = _dockerfile(build).read_text(errors="replace")
    return (recipe.name for recipe in service_catalog.IMAGES if recipe.name in text)


def _source(build: Build) -> str:
    """sha256 of all that the image is made from."""
    known = service_catalog.read()
    summary = hashlib.sha256(_dockerfile(build).read_bytes())
    summary.update(json.dumps([sorted(build.args.items()), build.target]).encode())
    for name in _parents(build):
        summary.update(f"{name} {known[name].digest if name in known else ''}\n".encode())
    for name in _context(build):
        summary.update(_line(Path(build.context), name))
    return summary.hexdigest()


def _context(build: Build) -> list[str]:
    """What Docker takes along, .dockerignore heeded."""
    # Only a lab that builds pays for the import.
    from docker.utils.build import exclude_paths

    ignored = Path(build.context) / ".dockerignore"
    lines = ignored.read_text().splitlines() if ignored.is_file() else []
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return sorted(exclude_paths(build.context, patterns, dockerfile=build.dockerfile))


def _line(context: Path, name: str) -> bytes:
    path = context / name
    mode = path.lstat().st_mode
    content = ""
    if stat.S_ISLNK(mode):
        content = os.readlink(path)
    elif stat.S_ISREG(mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name} {mode:o} {content}\n".encode()


def _dockerfile(build: Build) -> Path:
    return Path(build.context) / build.dockerfile


def _key(service: str, source: str) -> str:
    return f"{images.built(service)}:{source}"


def _file() -> Path:
    return service_catalog.folder() / "builds.json"


def _read() -> dict[str, Built]:
    return rows.read(_file(), Built)
