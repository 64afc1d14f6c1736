"""Keeps a plugin's process small: a lab with twenty guests starts more than twenty of them.

The engine runs one process for each explicit provider. Most of what one would load it never uses:
the SDK around the protocol's messages, and what docker-py would need to speak ssh by itself.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

_NOT_NEEDED = {"docker": ("paramiko",)}
"""Plugin to packages that a library of it loads only where they are installed."""


def prepare(plugin: str) -> None:
    """To be called before anything of the plugin is imported, and in its own process alone."""
    found = importlib.util.find_spec("pulumi")
    if found is not None and found.origin:
        _bare("pulumi", Path(found.origin).parent)
        _bare("pulumi.runtime", Path(found.origin).parent / "runtime")
    for name in _NOT_NEEDED.get(plugin, ()):
        sys.modules[name] = None  # type: ignore[assignment]


def _bare(name: str, folder: Path) -> None:
    """A package whose modules can be imported without what its __init__ imports."""
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package
