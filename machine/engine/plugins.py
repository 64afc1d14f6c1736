"""The engine's plugins and language host: two sets side by side, and which of them is in use."""

import json
import os
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Literal

from machine import paths
from machine.engine import plugins_airgap, plugins_official, pulumi_cli
from machine.images import cache
from machine.steps import Report, Step, Unable

Source = Literal["official", "airgap"]
SETS: dict[Source, ModuleType] = {"official": plugins_official, "airgap": plugins_airgap}
SHARED = ("workspaces", "logs")
"""Folders of the engine's that are the same whichever set runs."""


def forced() -> Source | None:
    """What ISOLAB_PLUGINS asks for."""
    wish = os.environ.get("ISOLAB_PLUGINS")
    if wish in (None, "", "auto"):
        return None
    if wish not in ("official", "airgap"):
        raise Unable(f"ISOLAB_PLUGINS is {wish!r}", "set it to official or airgap")
    return wish


def choice() -> Source | None:
    """Which set is in use: the one asked for, else the last one; None where there was none yet."""
    return forced() or last()


def last() -> Source | None:
    """The set that was made ready last."""
    try:
        found = json.loads(_record().read_text())["source"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found in SETS else None


def decide(wish: Source | None, *, stands: bool, reachable: bool) -> Source:
    """Which set to use, from what was asked for and what was seen of the official one."""
    return wish or ("official" if stands or reachable else "airgap")


def step() -> Step:
    """Make ready the set that is wanted, in the versions that the program asks for."""

    def look() -> str:
        source = choice()
        if source is None:
            return "finding out which plugins to use"
        if missing := SETS[source].missing():
            return f"installing {missing}"
        return "" if source == last() and _is_arranged(source) else f"changing to {source}"

    return Step(name="plugins", look=look, act=_use)


def missing(source: Source) -> str:
    """What a set lacks here; empty where it is whole."""
    return SETS[source].missing()


def require_official() -> None:
    """Hold that the official set stands here; downloads nothing.

    Raises:
        Unable: It does not.
    """
    if lacking := missing("official"):
        raise Unable(
            f"the official plugins are not on this machine: {lacking}",
            "ISOLAB_PLUGINS=official ./lab up installs them; --plugins airgap uses isolab's own",
        )


def cli(source: Source | None) -> Path | None:
    """The Pulumi CLI to run with a set."""
    return SETS[source].cli() if source else pulumi_cli.executable()


def language_host(source: Source | None) -> Path | None:
    """The language host of a set."""
    return SETS[source].language_host() if source else None


def home(source: Source | None) -> Path:
    """The engine's folder for a set, with what both sets share in its place."""
    if source is None:
        return paths.pulumi_home()
    own = paths.engine_home(source)
    if not _is_arranged(source):
        own.mkdir(parents=True, exist_ok=True)
        for link, target in _links(source).items():
            target.mkdir(parents=True, exist_ok=True)
            cache.discard(link)
            with suppress(FileExistsError):
                link.symlink_to(target)
    return own


def _use(report: Report) -> None:
    wish = choice()
    whole = wish is None and not plugins_official.missing()
    reachable = wish is None and not whole and plugins_official.reachable()
    source = decide(wish, stands=whole, reachable=reachable)
    if SETS[source].missing():
        SETS[source].install(report)
    home(source)
    # Where one set took the other's place before there were two.
    cache.discard(paths.pulumi_home() / "plugins")
    partial = _record().with_suffix(".new")
    partial.write_text(json.dumps({"source": source}))
    partial.replace(_record())
    report(source if source == "official" else "airgap, isolab's own")


def _links(source: Source) -> dict[Path, Path]:
    own = paths.engine_home(source)
    shared = {own / name: paths.pulumi_home() / name for name in SHARED}
    cached = {own / "plugins": plugins_official.folder()} if source == "official" else {}
    return shared | cached


def _is_arranged(source: Source) -> bool:
    links = _links(source).items()
    return all(link.is_symlink() and link.readlink() == target for link, target in links)


def _record() -> Path:
    return paths.pulumi_home() / "isolab-plugins.json"
