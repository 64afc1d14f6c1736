"""Pulumi's own plugins and language host, installed once a machine, for all checkouts."""

import json
import os
import shutil
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from airgap.install import link_engine
from machine import paths
from machine.engine import plugin_info, pulumi_cli
from machine.engine.plugin_info import NAMES, PYTHON_HOST, versions
from machine.images import cache
from machine.steps import Report, Unable, run

SERVER = "https://get.pulumi.com/releases/plugins/"
TIMEOUT = 4.0
"""Seconds for the release server to answer; silence means that it cannot be reached."""
DOWNLOAD = 600.0
"""Seconds for one plugin to come."""


def folder() -> Path:
    """Where they are installed, in the engine's own layout."""
    return paths.cache() / "plugins"


def executable(name: str) -> Path:
    """Where one of them belongs."""
    return folder() / plugin_info.folder(name) / plugin_info.program(name)


def missing() -> str:
    """What is not there, or is not what it should be; empty where the set is whole."""
    lacking = [name for name in NAMES if not _is_whole(executable(name), versions()[name])]
    host = [] if language_host() else ["language host"]
    return ", ".join([*lacking, *host])


def install(report: Report) -> None:
    """Download what is missing.

    Raises:
        Unable: It is not to be had here.
    """
    with cache.alone(folder()):
        for name, version in versions().items():
            if not _is_whole(executable(name), version):
                report(f"{name} {version}")
                _download(name, version)
    if not language_host():
        place = f"{_host_folder()}/{PYTHON_HOST}"
        raise unusable(f"the engine has no language host for Python beside it, nor at {place}")


def cli() -> Path | None:
    """The CLI that runs them: beside the language host, where it came without."""
    found, host = pulumi_cli.executable(), language_host()
    if found and host and host.parent == _host_folder():
        return link_engine(found.resolve(), host.parent)
    return found


def language_host() -> Path | None:
    """Pulumi's own: beside the CLI, as it comes, or installed here, or on PATH; never isolab's."""
    found = pulumi_cli.executable()
    beside = found.resolve().with_name(PYTHON_HOST) if found else None
    on_path = shutil.which(PYTHON_HOST, path=pulumi_cli.search_path())
    places = (beside, _host_folder() / PYTHON_HOST, Path(on_path) if on_path else None)
    return next((host for host in places if host and _is_whole_host(host)), None)


def reachable() -> bool:
    """Whether Pulumi's own server answers, with whatever."""
    try:
        with urllib.request.urlopen(urllib.request.Request(SERVER, method="HEAD"), timeout=TIMEOUT):
            return True
    except urllib.error.HTTPError as error:
        # A proxy that refuses is no release server.
        return error.code in (403, 404) and "amz" in str(error.headers).lower()
    except (OSError, ValueError):
        return False


def unusable(reason: str) -> Unable:
    """Why the set cannot be used here, and what else can."""
    hint = "set ISOLAB_PLUGINS=airgap to use isolab's own"
    return Unable(f"the official plugins cannot be used here: {reason}", hint)


def _host_folder() -> Path:
    return folder() / f"language-python-v{pulumi_cli.VERSION}"


def _download(name: str, version: str) -> None:
    found = pulumi_cli.executable()
    if not found:
        raise Unable("there is no Pulumi CLI to install plugins with", "./lab up installs one")
    with TemporaryDirectory(prefix=cache.PARTIAL, dir=folder()) as home:
        settings = {**os.environ, "PULUMI_HOME": home}
        settings.pop("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", None)
        try:
            command = [str(found), "plugin", "install", "resource", name, version]
            run(command, environment=settings, timeout=DOWNLOAD)
        except Unable as error:
            said = (error.hint or error.message).splitlines()[0].strip()
            raise unusable(f"the plugin {name} {version} could not be installed: {said}") from error
        came = Path(home) / "plugins" / plugin_info.folder(name)
        program = came / plugin_info.program(name)
        if not plugin_info.is_binary(program) or plugin_info.asked(program, "resource") != version:
            raise unusable(f"the installed plugin {name} does not run as version {version}")
        place = executable(name).parent
        cache.discard(place)
        came.rename(place)


def _is_whole_host(file: Path) -> bool:
    """Its version is the engine's affair: both come together."""
    return file.with_name(f"{PYTHON_HOST}-exec").exists() and _is_whole(file, None)


def _is_whole(file: Path, version: str | None) -> bool:
    """A program that was seen to run as the plugin that it should be."""
    if not plugin_info.is_binary(file):
        return False
    told = _told(file)
    return told is not None and version in (None, told)


def _told(file: Path) -> str | None:
    """The version that the program tells; asked again only where the file is another."""
    status = file.stat()
    stamp = f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"
    record = folder() / "told.json"
    try:
        known: dict[str, list[str | None]] = json.loads(record.read_text())
    except (OSError, ValueError):
        known = {}
    if known.get(str(file), [""])[0] == stamp:
        return known[str(file)][1]
    told = plugin_info.asked(file, "language" if file.name == PYTHON_HOST else "resource")
    if told is not None:
        with suppress(OSError):
            record.parent.mkdir(parents=True, exist_ok=True)
            partial = record.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps({**known, str(file): [stamp, told]}))
            partial.replace(record)
    return told
