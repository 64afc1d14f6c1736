"""Removes what a resource of the state stands for directly, without the engine.

For things that the engine cannot remove: those that a killed engine had begun, and all of a stack
whose guests are gone. Only exact names from the state are touched.
"""

from collections.abc import Callable, Iterable, Mapping

from isolab.transport import Result, Transport, Unreachable
from machine.deployment.state import Resource
from machine.transport import HostTransport

DOMAIN = "libvirt:index/domain:Domain"
NETWORK = "libvirt:index/network:Network"
POOL = "libvirt:index/pool:Pool"
VOLUME = "libvirt:index/volume:Volume"
SEED = "libvirt:index/cloudInitDisk:CloudInitDisk"
CONTAINER = "docker:index/container:Container"
DOCKER_NETWORK = "docker:index/network:Network"

LIBVIRT = (DOMAIN, NETWORK, POOL, VOLUME, SEED)
_GONE = (
    "failed to get",
    "not found",
    "no such",
    "no storage",
    "not running",
    "not active",
    "is not running",
)


class Remains(Exception):
    """Something could not be removed; its text says what and why."""


def remove(
    resources: Iterable[Resource],
    *,
    libvirt: str,
    guests: Mapping[str, Transport],
    guest_of: Callable[[Resource], str],
) -> tuple[str, ...]:
    """Remove what is there of these resources; what it was.

    Args:
        resources: In the order in which they were made; they go in the opposite one.
        libvirt: The libvirt's URI.
        guests: The guests that can be reached; what is in another goes with that guest's disks.
        guest_of: The guest that a resource is in.
    """
    removed: list[str] = []
    host = HostTransport()
    for resource in reversed(tuple(resources)):
        guest = guest_of(resource)
        place = guests.get(guest) if guest else host
        if resource.type in LIBVIRT:
            steps = [["virsh", "-qc", libvirt, *words] for words in _libvirt(resource)]
            removed += _remove(host, steps, resource)
        elif place and resource.type in (CONTAINER, DOCKER_NETWORK):
            removed += _remove(place, [_docker(resource)], resource)
    return tuple(removed)


def _libvirt(resource: Resource) -> list[list[str]]:
    """virsh's commands; all are tried, the last one decides."""
    name, pool = resource.name, str(resource.inputs.get("pool", ""))
    match resource.type:
        case "libvirt:index/domain:Domain":
            return [["destroy", name], ["undefine", "--nvram", name]]
        case "libvirt:index/network:Network":
            return [["net-destroy", name], ["net-undefine", name]]
        case "libvirt:index/pool:Pool":
            return [["pool-destroy", name], ["pool-delete", name], ["pool-undefine", name]]
        case _:
            return [["pool-refresh", pool], ["vol-delete", "--pool", pool, name]]


def _docker(resource: Resource) -> list[str]:
    if resource.type == CONTAINER:
        return ["docker", "rm", "--force", "--volumes", resource.name]
    return ["docker", "network", "rm", resource.name]


def _remove(place: Transport, steps: list[list[str]], resource: Resource) -> list[str]:
    what = f"{resource.type.rsplit(':')[-1].lower()} {resource.name}"
    try:
        results = [place.run(step) for step in steps]
    except Unreachable as silent:
        raise Remains(f"{what}: {silent}") from silent
    last = results[-1]
    if last.ok:
        return [] if _was_not_there(last) else [what]
    if _was_not_there(last):
        return []
    raise Remains(f"{what}: {last.stderr.strip()}")


def _was_not_there(result: Result) -> bool:
    said = result.stderr.lower()
    return any(words in said for words in _GONE)
