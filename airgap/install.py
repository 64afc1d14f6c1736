"""Makes the folders that the engine takes plugins and the language host from."""

import contextlib
import os
import shlex
from pathlib import Path

MODULES = {
    "command": "airgap.command",
    "docker": "airgap.docker",
    "libvirt": "airgap.libvirt",
    "python": "airgap.language",
}
"""Plugin to the module that runs it; `python` is the language host."""
_SOURCES = Path(__file__).resolve().parent.parent


def write_plugin(name: str, version: str, python: Path, into: Path) -> Path:
    """A folder below `into` with the executable of one plugin, run by the given interpreter.

    For a resource plugin, `pulumi plugin install resource NAME VERSION --file FOLDER` takes it;
    for the language host, the folder belongs on PATH.
    """
    if name not in MODULES:
        raise ValueError(f"there is no plugin {name}: expected one of {', '.join(MODULES)}")
    kind = "language" if name == "python" else "resource"
    folder = into / (f"{kind}-{name}" if name == "python" else f"{kind}-{name}-v{version}")
    folder.mkdir(parents=True, exist_ok=True)
    # A signal must reach the plugin itself, and its environment must not reach what it starts.
    start = (
        f"import sys; sys.path[:0] = [{str(_SOURCES)!r}]; sys.argv[0] = {name!r}; "
        f"from airgap.lean import prepare; prepare({name!r}); "
        f"from {MODULES[name]}.__main__ import main; main()"
    )
    executable = folder / f"pulumi-{kind}-{name}"
    partial = executable.with_suffix(".new")
    partial.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python))} -c {shlex.quote(start)} "$@"\n')
    partial.chmod(0o755)
    partial.replace(executable)
    return folder


def link_engine(engine: Path, folder: Path) -> Path:
    """The engine to run, so that it finds a language host in the folder without a warning.

    It looks for language hosts beside its own executable first, and follows symbolic links before;
    a hard link is an executable of its own. Across file systems there is none: then the host is
    found on PATH, and the engine says so at every run.
    """
    linked = folder / engine.name
    if linked.exists() and linked.samefile(engine):
        return linked
    linked.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        os.link(engine, linked)
        return linked
    return engine
