"""isolab's own plugins and language host, written for this checkout and its Python."""

import json
import sys
from pathlib import Path

from airgap.install import link_engine, write_plugin
from machine import paths
from machine.engine import plugin_info, pulumi_cli
from machine.engine.plugin_info import NAMES, PYTHON_HOST, versions
from machine.steps import Report

LAYOUT = 3
"""Changes when things are put elsewhere, so that they are put there once more."""


def folder() -> Path:
    """Where the engine takes them from."""
    return paths.engine_home("airgap") / "plugins"


def missing() -> str:
    """What is not there; empty where the set is whole."""
    try:
        written = json.loads(_record().read_text())
    except (OSError, ValueError):
        written = None
    if written != _wanted():
        return ", ".join((*NAMES, "language host"))
    places = {name: folder() / plugin_info.folder(name) for name in NAMES}
    lacking = [n for n, place in places.items() if not (place / plugin_info.program(n)).exists()]
    return ", ".join([*lacking, *([] if language_host() and not _stale() else ["language host"])])


def install(report: Report) -> None:
    """Write all of them; it takes no time."""
    python = Path(sys.executable)
    for name, version in versions().items():
        write_plugin(name, version, python, folder())
    host = write_plugin("python", pulumi_cli.VERSION, python, paths.programs())
    found = pulumi_cli.executable()
    if found:
        link_engine(found.resolve(), host)
    partial = _record().with_suffix(".new")
    partial.write_text(json.dumps(_wanted()))
    partial.replace(_record())


def cli() -> Path | None:
    """The CLI that runs them: the one beside the language host, where it could be linked."""
    linked = paths.language_host() / "pulumi"
    return linked if linked.exists() and not _stale() else pulumi_cli.executable()


def language_host() -> Path | None:
    """isolab's own."""
    own = paths.language_host() / PYTHON_HOST
    return own if own.exists() else None


def _stale() -> bool:
    """Whether the CLI beside the language host is another than the one in use."""
    linked, found = paths.language_host() / "pulumi", pulumi_cli.executable()
    return bool(linked.exists() and found and not linked.samefile(found))


def _wanted() -> dict[str, object]:
    """What tells one installation from another: the versions, and the Python that runs it."""
    run_by = [sys.executable, str(paths.REPO)]
    return {"versions": versions(), "run by": run_by, "layout": LAYOUT}


def _record() -> Path:
    return paths.engine_home("airgap") / "isolab-plugins.json"
