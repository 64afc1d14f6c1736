"""Where isolab keeps what it makes on this machine."""

import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]


def home() -> Path:
    """The state of this checkout: stacks, engine settings, logs."""
    return Path(os.environ.get("ISOLAB_HOME") or REPO / ".isolab")


def cache() -> Path:
    """What can be made again: images, the engine; shared by all checkouts."""
    chosen = os.environ.get("ISOLAB_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "isolab"
