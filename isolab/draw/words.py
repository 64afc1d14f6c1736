"""Numbers and names in the words that stand on boxes."""

from isolab.model import Limits
from isolab.plan.model import Container, Copy, Guest, PublishedPort
from isolab.units import MiB


def plain(words: str) -> str:
    """One line without control characters, which a lab file could smuggle into a terminal."""
    if words.isprintable() and "  " not in words:
        return words.strip()
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def size(mebibytes: MiB) -> str:
    """2 GiB, 768 MiB."""
    whole, rest = divmod(mebibytes, 1024)
    return f"{whole} GiB" if whole and not rest else f"{mebibytes} MiB"


def count(number: float, thing: str) -> str:
    """1 vCPU, 2 vCPUs, 0.5 CPU."""
    return f"{number:g} {thing}{'s' if number > 1 else ''}"


def limits(limits: Limits) -> str:
    """128 MiB, 1 CPU, 64 pids; what has no limit is not named."""
    parts = (
        size(limits.memory) if limits.memory else "",
        count(limits.cpus, "CPU") if limits.cpus else "",
        f"{limits.pids} pids" if limits.pids else "",
    )
    return ", ".join(part for part in parts if part) or "no limits of its own"


def guest(guest: Guest) -> str:
    """1 GiB, 2 vCPUs."""
    return f"{size(guest.memory)}, {count(guest.vcpus, 'vCPU')}"


def port(port: PublishedPort) -> str:
    """8080 → 8000, 53 → 53/udp."""
    protocol = "/udp" if port.protocol == "udp" else ""
    return f"{port.external} → {port.internal}{protocol}"


def ports(container: Container) -> str:
    """All its published ports; those with one number for host and container by that number."""
    if not container.ports:
        return "no port outside"
    if all(p.external == p.internal and p.protocol != "udp" for p in container.ports):
        what = "port" if len(container.ports) == 1 else "ports"
        return f"{what} {', '.join(str(p.external) for p in container.ports)}"
    return ", ".join(map(port, container.ports))


def end(restart: str) -> str:
    """What Docker does not do for a container that it does not start for ever."""
    return "not started again" if restart == "no" else "runs until it exits with 0"


def copies(container: Container) -> str:
    """copy of ./page, copy of ./page and 2 more."""
    first, *others = container.copies
    more = f" and {len(others)} more" if others else ""
    return f"copy of {_source(first)}{more}"


def copy(copy: Copy) -> str:
    """./page at /srv (read-only)."""
    return f"{_source(copy)} at {copy.target}{' (read-only)' if copy.read_only else ''}"


def _source(copy: Copy) -> str:
    """From the lab file's folder on."""
    return copy.source if copy.source.startswith("..") else f"./{copy.source}"
