"""Which Python runs a program, and what is installed for it."""

import json
import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """A Python and the folders that it takes packages from."""

    python: Path
    virtualenv: Path | None
    """None for the interpreter of the language host itself."""
    packages: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plugin:
    """A resource plugin that an installed package needs."""

    name: str
    version: str
    server: str
    """Where the engine may download it; empty for the engine's own choice."""


class NoInterpreter(Exception):
    """The virtualenv of the program or plugin is not there."""


def choose(root: Path, virtualenv: str) -> Interpreter:
    """The virtualenv of Pulumi.yaml, relative to its folder, else the host's own interpreter."""
    if not virtualenv:
        own = Path(sysconfig.get_path("purelib"))
        return Interpreter(python=Path(sys.executable), virtualenv=None, packages=(own,))
    folder = root / virtualenv
    python = folder / "bin" / "python"
    if not python.exists():
        raise NoInterpreter(
            f"the program runs in the virtualenv {virtualenv}, but there is no {python}: "
            f"make it with «python3 -m venv {folder}» and install the program's requirements"
        )
    found = sorted(folder.glob("lib/python3*/site-packages"))
    return Interpreter(python=python, virtualenv=folder, packages=tuple(found))


def python_version(interpreter: Interpreter) -> str:
    """`3.11.2`, also of another Python than this one."""
    if interpreter.virtualenv is None:
        return platform.python_version()
    asked = [str(interpreter.python), "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def installed(interpreter: Interpreter) -> list[tuple[str, str]]:
    """Name and version of every installed package."""
    found = distributions(path=[str(each) for each in interpreter.packages])
    return sorted({(each.name, each.version) for each in found}, key=lambda pair: pair[0].lower())


def required_plugins(interpreter: Interpreter, program: Path) -> list[Plugin]:
    """The plugins of the installed packages that the program's requirements name."""
    wanted = _requirements(program / "requirements.txt")
    found: dict[str, Plugin] = {}
    for folder in interpreter.packages:
        for declaration in sorted(folder.glob("*/pulumi-plugin.json")):
            if wanted and _normal(declaration.parent.name) not in wanted:
                continue
            plugin = json.loads(declaration.read_text())
            if plugin.get("resource") and plugin.get("name"):
                found[plugin["name"]] = Plugin(
                    name=plugin["name"],
                    version=plugin.get("version", ""),
                    server=plugin.get("server", ""),
                )
    return list(found.values())


def _requirements(file: Path) -> set[str]:
    return set(_read_requirements(file)) if file.is_file() else set()


def _read_requirements(file: Path) -> Iterator[str]:
    for line in file.read_text().splitlines():
        if included := re.match(r"\s*(?:-r|--requirement)[\s=]+(\S+)", line):
            other = file.parent / included[1]
            if other.is_file():
                yield from _read_requirements(other)
        elif name := re.match(r"\s*([A-Za-z0-9][\w.-]*)", line):
            yield _normal(name[1])


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
