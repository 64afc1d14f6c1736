"""A plugin of a build whose resources come to exist at once, on no machine: labs of any size.

Started by the engine with the build's folder and the plugin's name; what the engine and the program
do with its answers is what they do with the real one's.
"""

import importlib
import secrets
import sys
from typing import Any


def main() -> None:
    """Serve the engine that started this process."""
    folder, name = sys.argv[1:3]
    del sys.argv[1:3]
    sys.path[0] = folder
    importlib.import_module("airgap.lean").prepare(name)
    plugin = importlib.import_module(f"airgap.{name}.__main__").PLUGIN
    made = importlib.import_module("airgap.framework").Created

    def create(self: Any, context: Any, inputs: dict[str, Any]) -> Any:
        id = f"{inputs.get('name', context.name)}-{secrets.token_hex(16)}"
        return made(id, _state(self, inputs))

    for kind in map(type, plugin.resources):
        kind.create = create
        kind.read = _read
        kind.update = _update
        kind.delete = _delete
    importlib.import_module("airgap.framework").serve(plugin)


def _read(self: Any, context: Any, id: str, state: dict[str, Any]) -> dict[str, Any]:
    return state


def _update(
    self: Any, context: Any, id: str, state: dict[str, Any], inputs: dict[str, Any]
) -> dict[str, Any]:
    return {**state, **inputs}


def _delete(self: Any, context: Any, id: str, state: dict[str, Any]) -> None:
    pass


def _state(kind: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """As a create leaves it; what only a machine would tell is a word or empty."""
    words = ("imageId", "repoDigest", "stdout", "stderr", "mountpoint", "scope")
    told = {name: "simulated" if name in words else None for name in kind.computed}
    return {**dict.fromkeys(kind.unfilled), **told, **inputs}


if __name__ == "__main__":
    main()
