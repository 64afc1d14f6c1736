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

from airgap.install import link_engine, write_plugin
from machine import engine, paths
from machine.steps import Report, Step, Unable, run

Source = Literal["official", "airgap"]
NAMES = ("libvirt", "docker", "command")
LAYOUT = 2
"""Changes when things are put elsewhere, so that they are put there once more."""
PYTHON_HOST = "pulumi-language-python"
SERVER = "https://get.pulumi.com/releases/plugins/"
PATIENCE = 4.0
"""Seconds for the release server to answer; silence means that it cannot be reached."""
DOWNLOAD = 600.0
"""Seconds for one plugin to come."""


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
        and (source == "official" or _own_host_stands() or not _needs_language_host())
    )


def decide(wish: Source | None, reachable: bool) -> Source:
    """Whose plugins to use, from what was asked for and what was seen."""
    return wish or ("official" if reachable else "airgap")


def _install(report: Report) -> None:
    wish = forced()
    source = decide(wish, reachable=wish is None and _reachable())
    for name, version in versions().items():
        if source == "airgap":
            write_plugin(name, version, Path(sys.executable), folder())
        else:
            _official(name, version, report)
    if _needs_language_host():
        if source == "official":
            raise _not_official("the engine here came without its language host")
        host = write_plugin("python", engine.VERSION, Path(sys.executable), paths.programs())
        if engine.kept().exists():
            link_engine(engine.kept(), host)
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
    try:
        command = [str(found), "plugin", "install", "resource", name, version]
        run(command, environment=settings, timeout=DOWNLOAD)
    except Unable as error:
        said = (error.hint or error.message).splitlines()[0].strip()
        raise _not_official(f"the plugin {name} {version} was not to be had: {said}") from error


def _not_official(reason: str) -> Unable:
    hint = "unset ISOLAB_PLUGINS, or set it to airgap, for isolab's own"
    return Unable(f"the official plugins cannot be used here: {reason}", hint)


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
    return language_host() in (None, own_language_host())


def language_host() -> Path | None:
    """The language host that the engine takes: beside itself, or on PATH, or isolab's own."""
    found = engine.executable()
    beside = found.resolve().with_name(PYTHON_HOST) if found else None
    if beside and beside.exists():
        return beside
    on_path = shutil.which(PYTHON_HOST)
    if on_path:
        return Path(on_path)
    return own_language_host() if own_language_host().exists() else None


def _own_host_stands() -> bool:
    """It is there, and the engine beside it, where there is one, is the one in use."""
    linked, kept = paths.language_host() / "pulumi", engine.kept()
    stale = linked.exists() and kept.exists() and not linked.samefile(kept)
    return own_language_host().exists() and not stale


def _wanted(source: Source) -> dict[str, object]:
    """What tells an installation from another: whose, which, and for airgap run by which Python."""
    run_by = [sys.executable, str(paths.REPO)] if source == "airgap" else []
    return {"source": source, "versions": versions(), "run by": run_by, "layout": LAYOUT}


def _record() -> Path:
    return paths.pulumi_home() / "isolab-plugins.json"


def folder() -> Path:
    """Where the engine takes plugins from."""
    return paths.pulumi_home() / "plugins"


def _place(name: str) -> Path:
    return folder() / f"resource-{name}-v{versions()[name]}" / f"pulumi-resource-{name}"


def own_language_host() -> Path:
    """Where isolab's own stands, where it is needed."""
    return paths.language_host() / PYTHON_HOST
