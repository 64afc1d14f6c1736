"""When this machine was started."""

import re
from pathlib import Path

_STARTED = re.compile(r"^btime (\d+)$", re.MULTILINE)


def started() -> float:
    """Seconds since 1970; 0 where the kernel does not say."""
    found = _STARTED.search(Path("/proc/stat").read_text())
    return float(found[1]) if found else 0.0
