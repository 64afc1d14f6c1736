"""How the guests of a stack run that run now, asked of libvirt."""

import re

from isolab.transport import Unreachable
from machine.host.transport import HostTransport

_TYPE = re.compile(r"<domain [^>]*type='(\w+)'")


def under_kvm(stack: str, libvirt: str) -> bool | None:
    """Whether they run under KVM; None where none runs, or libvirt does not answer."""
    names = _ask("virsh", "-qc", libvirt, "list", "--name").split()
    for name in names:
        if name.startswith(f"isolab-{stack}-"):
            described = _ask("virsh", "-qc", libvirt, "dumpxml", name)
            if is_of(stack, described):
                return of_domain(described)
    return None


def is_of(stack: str, xml: str) -> bool:
    """Whether a domain is on the stack's network: a name fits stack a and stack a-b alike."""
    return f"network='isolab-{stack}'" in xml


def of_domain(xml: str) -> bool | None:
    """The same from a domain's description."""
    found = _TYPE.match(xml.strip())
    return found[1] == "kvm" if found else None


def _ask(*command: str) -> str:
    try:
        return HostTransport().run(command).stdout
    except Unreachable:
        return ""
