"""The engine's plugins and language host: the official ones where they can be had, else our own."""

import json
import os
import shutil
import sys
import urllib.error
import urllib.request
from importlib import metadata
from pathlib import Path
from typing import Literal

from airgap.install import write_plugin
from machine import engine, paths
from machine.steps import Report, Step, Unable, run

Source = Literal["official", "airgap"]
NAMES = ("libvirt", "docker", "command")
PYTHON_HOST = "pulumi-language-python"
SERVER = "https://get.pulumi.com/releases/plugins/"
PATIENCE = 4.0
"""Seconds for the release server to answer; silence means that it cannot be reached."""


def versions() -> dict[str, str]:
    """The version of each plugin: that of the SDK package it belongs to."""
    return {name: metadata.version(f"pulumi-{name}") for name in NAMES}


def forced() -> Source | None:
    """What ISOLAB_PLUGINS asks for."""
    wish = os.environ.get("ISOLAB_PLUGINS")
    if wish in (None, "", "auto"):
        return None
    if wish not in ("official", "airgap"):
        raise Unable(f"ISOLAB_PLUGINS is {wish!r}", "it may be official or airgap")
    return wish


def choice() -> Source | None:
    """Whose plugins are in use; None where none were installed yet."""
    wish = forced()
    if wish:
        return wish
    try:
        kept = json.loads(_record().read_text())["source"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return kept if kept in ("official", "airgap") else None


def step() -> Step:
    """Install the plugins of the versions that the program asks for."""

    def look() -> str:
        return "" if up_to_date() else "installing libvirt, docker, command"

    return Step(name="plugins", look=look, act=_install)


def up_to_date() -> bool:
    """Whether the plugins that were last installed are those wanted now, and still there."""
    try:
        kept = json.loads(_record().read_text())
    except (OSError, ValueError):
        return False
    source = choice()
    return (
        source is not None
        and kept == _wanted(source)
        and all(_place(name).exists() for name in NAMES)
        and (source == "official" or (_language_host().exists() or not _needs_language_host()))
    )


def decide(wish: Source | None, reachable: bool) -> Source:
    """Whose plugins to use, from what was asked for and what was seen."""
    return wish or ("official" if reachable else "airgap")


def _install(report: Report) -> None:
    wish = forced()
    source = decide(wish, reachable=wish is None and _reachable())
    for name, version in versions().items():
        if source == "airgap":
            write_plugin(name, version, Path(sys.executable), _plugins())
        else:
            _official(name, version, report)
    if source == "airgap" and _needs_language_host():
        write_plugin("python", engine.VERSION, Path(sys.executable), paths.programs())
    _record().parent.mkdir(parents=True, exist_ok=True)
    partial = _record().with_suffix(".new")
    partial.write_text(json.dumps(_wanted(source)))
    partial.replace(_record())
    report(source if source == "official" else "airgap, isolab's own")


def _official(name: str, version: str, report: Report) -> None:
    # One of ours in its place would count as installed.
    if _place(name).exists() and not _is_binary(_place(name)):
        shutil.rmtree(_place(name).parent)
    report(f"{name} {version}")
    found = engine.executable()
    if not found:
        raise Unable("there is no Pulumi CLI to install plugins with", "./lab up gets one")
    settings = {**os.environ, "PULUMI_HOME": str(paths.pulumi_home())}
    settings.pop("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", None)
    run([str(found), "plugin", "install", "resource", name, version], environment=settings)


def _is_binary(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(4) == b"\x7fELF"


def _reachable() -> bool:
    """Whether Pulumi's own server answers, with whatever."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(SERVER, method="HEAD"), timeout=PATIENCE
        ):
            return True
    except urllib.error.HTTPError as error:
        # A proxy that refuses is no release server.
        return error.code in (403, 404) and "amz" in str(error.headers).lower()
    except (OSError, ValueError):
        return False


def _needs_language_host() -> bool:
    """A CLI that was built from source comes without one."""
    found = engine.executable()
    beside = found.resolve().with_name(PYTHON_HOST) if found else None
    return not (beside and beside.exists()) and not shutil.which(PYTHON_HOST)


def _wanted(source: Source) -> dict[str, object]:
    """What tells an installation from another: whose, which, and for airgap run by which Python."""
    run_by = [sys.executable, str(paths.REPO)] if source == "airgap" else []
    return {"source": source, "versions": versions(), "run by": run_by}


def _record() -> Path:
    return paths.pulumi_home() / "isolab-plugins.json"


def _plugins() -> Path:
    return paths.pulumi_home() / "plugins"


def _place(name: str) -> Path:
    return _plugins() / f"resource-{name}-v{versions()[name]}" / f"pulumi-resource-{name}"


def _language_host() -> Path:
    return paths.programs() / "language-python" / PYTHON_HOST
