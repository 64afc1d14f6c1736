"""Where isolab keeps what it makes on this machine."""

import os
import pwd
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
SCRATCH = Path("/var/tmp")
"""On a real disk: Docker's overlays cannot stand on another overlay or in memory."""


def home() -> Path:
    """The state of this checkout: stacks, engine settings, logs."""
    return Path(os.environ.get("ISOLAB_HOME") or REPO / ".isolab")


def cache() -> Path:
    """What can be made again: images, the engine; shared by all checkouts."""
    chosen = os.environ.get("ISOLAB_CACHE")
    if chosen:
        return Path(chosen)
    chosen = os.environ.get("XDG_CACHE_HOME")
    if chosen:
        return Path(chosen) / "isolab"
    user = os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir
    return Path(user) / ".cache" / "isolab"


def logs() -> Path:
    """What daemons that isolab started say."""
    return home() / "logs"


def programs() -> Path:
    """Executables that belong on the engine's PATH."""
    return home() / "bin"


def language_host() -> Path:
    """The folder of isolab's own language host, and of the engine beside it."""
    return programs() / "language-python"


def pulumi_home() -> Path:
    """What the engine keeps whichever plugins it runs: workspaces, credentials, logs."""
    return home() / "pulumi"


def engine_home(plugins: str) -> Path:
    """The engine's own folder with one set of plugins: two engines may run, each on its own."""
    return pulumi_home() / plugins


def state() -> Path:
    """The stacks' state, where the user has no backend of his own."""
    return home() / "state"


def passphrase() -> Path:
    """The file with the passphrase that encrypts the state's secrets."""
    return home() / "passphrase"
