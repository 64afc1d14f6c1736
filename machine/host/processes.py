"""Which process a number means: the kernel gives numbers to others once their processes ended."""

from pathlib import Path


def start_of(pid: int) -> int | None:
    """When a process started, in the kernel's ticks since its boot; None where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])
