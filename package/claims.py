"""What the components of one program have on the machine, so that no two have the same.

The engine starts one provider for a program, so what one process knows is all of it.
"""

from ipaddress import IPv4Network
from threading import Lock

import pulumi

_lock = Lock()
_claimed: dict[tuple[str, str], dict[str, tuple[str, IPv4Network]]] = {}
"""Project and stack, to component, to its name on the machine and its subnet."""


def claim(component: str, name: str, cidr: str) -> None:
    """Remember what a component has.

    Args:
        component: Its type and name in the program.
        name: What its lab is called on the machine.
        cidr: Its subnet.

    Raises:
        InputPropertyError: Another one has the same name, or a subnet that overlaps.
    """
    network = IPv4Network(cidr)
    with _lock:
        mine = _claimed.setdefault((pulumi.get_project(), pulumi.get_stack()), {})
        for other, (theirs, subnet) in mine.items():
            if other == component:
                continue
            if theirs == name:
                reason = f"{name!r} is what {other} is called on this machine: give another"
                raise pulumi.InputPropertyError("stack", reason)
            if subnet.overlaps(network):
                reason = f"{cidr} overlaps {subnet}, the subnet of {other}: give another"
                raise pulumi.InputPropertyError("cidr", reason)
        mine[component] = (name, network)
