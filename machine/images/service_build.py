"""Builds service images with Docker, from Debian's and Python's packages."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from platform import machine

from machine.host.docker_cli import docker
from machine.images import root_build
from machine.images.service_catalog import RECIPES, Recipe
from machine.steps import Report, Unable

PYTHON = "3.11"
"""Of Debian's release, which may differ from the one that runs isolab."""
PROXIES = ("http_proxy", "https_proxy", "no_proxy")


class CannotBuild(Unable):
    """An image cannot be built on this machine; the text says why."""


def build(recipe: Recipe, report: Report) -> None:
    """Makes the image in the machine's Docker, under its name."""
    with tempfile.TemporaryDirectory(prefix="isolab-image-") as scratch:
        if recipe.parent is None:
            _from_debian(recipe, Path(scratch), report)
        else:
            _from_dockerfile(recipe, Path(scratch) / "context")


def _from_debian(recipe: Recipe, scratch: Path, report: Report) -> None:
    root_build.run("base image", scratch, report)
    docker("import", scratch / "base.tar", recipe.name)


def _from_dockerfile(recipe: Recipe, context: Path) -> None:
    _copy(RECIPES / recipe.folder, context)
    requirements = context / "requirements.txt"
    if requirements.exists():
        # Fetched on the host, where pip is set up, rather than in the build.
        _run(
            sys.executable, "-m", "pip", "install", "--quiet", "--no-compile",
            "--only-binary=:all:", "--python-version", PYTHON,
            "--platform", f"manylinux2014_{machine()}",
            "--target", context / "packages", "--requirement", requirements,
        )  # fmt: skip
        shutil.rmtree(context / "packages/bin", ignore_errors=True)
    proxies = [name for name in PROXIES if name in os.environ]
    docker(
        "build", "--quiet", "--network", "host", "--tag", recipe.name,
        *(word for name in proxies for word in ("--build-arg", name)),
        context,
    )  # fmt: skip
    docker("image", "prune", "--force", "--filter", "label=isolab=stage")


def _copy(recipe: Path, context: Path) -> None:
    """With modes that do not depend on how the repository was checked out."""
    shutil.copytree(recipe, context, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (context, *context.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _run(*command: str | Path) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise CannotBuild(f"{Path(command[0]).name} failed:\n{said}")
