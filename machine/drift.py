"""Which of a stack's domains and host containers are not what the engine left."""

from isolab.transport import Unreachable
from machine.deployment import leftovers
from machine.deployment.state import Resource, State
from machine.transport import HostTransport


def strayed(state: State, libvirt: str) -> tuple[Resource, ...]:
    """Domains that are gone or off, and containers on the host that are gone; nobody else's.

    Asks the host alone, so it is quick: the guests' containers are the business of a refresh.
    """
    here = HostTransport()
    domains = state.of_type(leftovers.DOMAIN)
    containers = [r for r in state.of_type(leftovers.CONTAINER) if not state.guest_of(r)]
    found: list[Resource] = []
    try:
        if domains:
            running = here.run(["virsh", "-qc", libvirt, "list", "--name"]).stdout.split()
            found += [domain for domain in domains if domain.name not in running]
        if containers:
            names = here.run(["docker", "ps", "-a", "--format", "{{.Names}}"]).stdout.split()
            found += [container for container in containers if container.name not in names]
    except Unreachable:
        return ()
    return tuple(found)
