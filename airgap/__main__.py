"""`python -m airgap FOLDER`: the plugins and the language host for one machine, ready to use."""

import argparse
import os
import shlex
import shutil
import sys
from importlib import metadata
from pathlib import Path

from airgap.install import MODULES, link_engine, write_plugin


def main() -> int:
    """Writes them, and prints what a shell needs: `eval "$(python -m airgap FOLDER)"`."""
    parser = argparse.ArgumentParser(prog="python -m airgap", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to put them; becomes PULUMI_HOME")
    parser.add_argument("--engine", type=Path, help="the pulumi executable, else that on PATH")
    arguments = parser.parse_args()
    found = arguments.engine or shutil.which("pulumi")
    if not found or not Path(found).exists():
        print(f"there is no engine at {found or 'any place on PATH'}", file=sys.stderr)
        return 2
    folder, python = arguments.folder.resolve(), Path(sys.executable)
    for name, version in installed().items():
        write_plugin(name, version, python, folder / "plugins")
    host = write_plugin("python", "", python, folder / "bin")
    engine = link_engine(Path(found).resolve(), host)
    path = os.pathsep.join(dict.fromkeys([str(engine.parent), str(host)]))
    print(f'export PATH={shlex.quote(path)}:"$PATH"')
    print(f"export PULUMI_HOME={shlex.quote(str(folder))}")
    print("export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true PULUMI_SKIP_UPDATE_CHECK=1")
    return 0


def installed() -> dict[str, str]:
    """The plugins whose SDK this Python has, in the version that the engine asks for."""
    found: dict[str, str] = {}
    for name in MODULES:
        try:
            found[name] = metadata.version(f"pulumi-{name}")
        except metadata.PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main())
