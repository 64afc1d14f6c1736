"""Removes what a resource of the state stands for directly, without the engine.

For things that the engine cannot remove: those that a killed engine had begun, and all of a stack
whose guests are gone. Only exact names from the state are touched.
"""

from collections.abc import Callable, Iterable, Mapping

from isolab.transport import Result, Transport, Unreachable
from machine.deployment.state import Resource
from machine.host.transport import HostTransport

DOMAIN = "libvirt:index/domain:Domain"
NETWORK = "libvirt:index/network:Network"
POOL = "libvirt:index/pool:Pool"
VOLUME = "libvirt:index/volume:Volume"
SEED = "libvirt:index/cloudInitDisk:CloudInitDisk"
CONTAINER = "docker:index/container:Container"
DOCKER_NETWORK = "docker:index/network:Network"

LIBVIRT = (DOMAIN, NETWORK, POOL, VOLUME, SEED)
_VIRSH = ("env", "LC_ALL=C", "virsh")
"""virsh, in the language that `_NO_SUCH` is in."""
_NO_SUCH = {
    NETWORK: ("Network not found: ",),
    POOL: ("Storage pool not found: ",),
    VOLUME: ("Storage volume not found: ", "Storage pool not found: "),
    SEED: ("Storage volume not found: ", "Storage pool not found: "),
    CONTAINER: ("No such container: ",),
    DOCKER_NETWORK: ("No such network: ", "network {name} not found"),
}
"""What libvirt and Docker say of a thing that is not there.

All else, also that a daemon does not answer, says nothing about the thing. Of a domain virsh says
only that it did not get it: the list of all domains tells."""


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
            if resource.type == DOMAIN and resource.name not in _domains(libvirt):
                continue
            steps = [[*_VIRSH, "-qc", libvirt, *words] for words in _libvirt(resource)]
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
    if was_not_there(last, resource):
        return []
    if last.ok:
        return [what]
    raise Remains(f"{what}: {last.stderr.strip()}")


def was_not_there(result: Result, resource: Resource) -> bool:
    """Whether the tool says that there is no such thing, in its own exact words."""
    words = (form.format(name=resource.name) for form in _NO_SUCH.get(resource.type, ()))
    return any(each in result.stderr for each in words)


def standing(stack: str, libvirt: str) -> tuple[str, ...]:
    """What there is on this machine of a stack: asked of libvirt and Docker, not of the state.

    Each stack has a network, a pool and a registry, which outlive all else that it has.

    Raises:
        Remains: One of them could not be asked.
    """
    own = f"isolab-{stack}"
    questions = (
        ("network", own, [*_VIRSH, "-qc", libvirt, "net-list", "--all", "--name"]),
        ("pool", own, [*_VIRSH, "-qc", libvirt, "pool-list", "--all", "--name"]),
        ("container", f"{own}-registry", ["docker", "ps", "-a", "--format", "{{.Names}}"]),
    )
    return tuple(f"{kind} {name}" for kind, name, ask in questions if name in _names(kind, ask))


def remove_images(registry: str) -> tuple[str, ...]:
    """Remove what this machine's Docker has pulled from a lab's registry; what it removed.

    Docker keeps an image that a container of somebody else's runs.

    Args:
        registry: Its address and port.

    Raises:
        Remains: Docker could not be asked.
    """
    form = "{{.Repository}}@{{.Digest}}"
    question = ["docker", "images", "--digests", "--format", form]
    images = [name for name in _names("image", question) if name.startswith(f"{registry}/")]
    host = HostTransport()
    return tuple(name for name in images if host.run(["docker", "rmi", name]).ok)


def _domains(libvirt: str) -> list[str]:
    return _names("domain", [*_VIRSH, "-qc", libvirt, "list", "--all", "--name"])


def _names(kind: str, question: list[str]) -> list[str]:
    try:
        said = HostTransport().run(question)
    except Unreachable as silent:
        raise Remains(f"{kind}s could not be listed: {silent}") from silent
    if not said.ok:
        raise Remains(f"{kind}s could not be listed: {said.stderr.strip()}")
    return said.stdout.split()
