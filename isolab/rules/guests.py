"""Rules about guests and the network between them."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from isolab.model import GuestGroup, Lab, Problem
from isolab.rules.problem import problem
from isolab.units import MiB

LEAST_MEMORY = MiB(384)
"""Below, the guest's OS and Docker have no room to start."""
LEAST_DATA = MiB(64)
BELOW_FIRST_GUEST = 11
"""Addresses that no guest gets, and one more for the broadcast."""
LOOPBACK = ("", "localhost", "127.0.0.1", "::1")
_AUTHORITY = re.compile(r"[^:/]+://(?:[^/@]*@)?(?P<host>\[[^]/]*\]|[^:/?]*)")
PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
ISOLABS_OWN = (
    "/bin/",
    "/boot/",
    "/dev/",
    "/etc/cloud/",
    "/etc/containerd/",
    "/etc/docker/",
    "/etc/fstab",
    "/etc/group",
    "/etc/netplan/",
    "/etc/passwd",
    "/etc/resolv.conf",
    "/etc/shadow",
    "/etc/ssh/",
    "/etc/systemd/network/",
    "/etc/systemd/system/cloud-",
    "/etc/systemd/system/containerd.",
    "/etc/systemd/system/docker.",
    "/etc/systemd/system/isolab",
    "/etc/systemd/system/ssh",
    "/lib/",
    "/proc/",
    "/root/.ssh/",
    "/run/",
    "/sbin/",
    "/sys/",
    "/usr/bin/",
    "/usr/lib/",
    "/usr/local/lib/isolab/",
    "/usr/sbin/",
    "/var/lib/cloud/",
    "/var/lib/containerd/",
    "/var/lib/docker/",
    "/var/lib/isolab/",
)
"""Places on a guest that its login, its network and its Docker stand on, and what is below."""
DOCKER = IPv4Network("172.16.0.0/12")
"""Where Docker's networks lie, on the host and on every guest."""


def there_is_a_guest(lab: Lab) -> Iterator[Problem]:
    """Services run on guests."""
    if lab.services and not lab.guests:
        yield problem(
            lab, ("guests",), "the lab has no guests", "for example guests: {app: {memory: 1GiB}}"
        )


def guests_can_boot(lab: Lab) -> Iterator[Problem]:
    """A guest that dies while booting says so only minutes later, and not why."""
    for group in each_guest(lab):
        path = ("guests", group.name)
        if group.memory < LEAST_MEMORY:
            yield problem(
                lab,
                (*path, "memory"),
                f"{group.memory} MiB given, expected at least {LEAST_MEMORY} MiB",
                "the guest's OS and Docker need them",
            )
        if group.data is not None and group.data < LEAST_DATA:
            yield problem(
                lab,
                (*path, "data"),
                f"{group.data} MiB given, expected at least {LEAST_DATA} MiB",
                "a file system needs them",
            )


def each_guest(lab: Lab) -> Iterator[GuestGroup]:
    """The groups, and the guests that are not like the others of theirs."""
    for group in lab.guests:
        yield group
        yield from group.exceptions.values()


def exceptions_are_guests(lab: Lab) -> Iterator[Problem]:
    """What is said about a guest that its group does not have would be said to nobody."""
    for group in lab.guests:
        for number, guest in group.exceptions.items():
            if number > group.count:
                yield problem(
                    lab,
                    ("guests", guest.name),
                    f"{group.name} has {group.count} guests, so there is no {guest.name}",
                    f"raise guests.{group.name}.count, or give a group of its own another name",
                )


def cloud_init_leaves_isolab_alone(lab: Lab) -> Iterator[Problem]:
    """A guest that isolab cannot log in to, or whose Docker does not start, is no guest."""
    for group in each_guest(lab):
        path = ("guests", group.name, "cloud_init")
        if path not in lab.positions:
            continue
        for index, user in enumerate(group.cloud_init.users):
            if user.name == "root":
                yield problem(lab, (*path, "users", index), "isolab itself logs in as root")
        for index, file in enumerate(group.cloud_init.write_files):
            if f"{file.path}/".startswith(ISOLABS_OWN):
                where = (*path, "write_files", index, "path")
                yield problem(lab, where, f"{file.path} is a file that isolab writes on guests")


def libvirt_is_on_this_machine(lab: Lab) -> Iterator[Problem]:
    """Registry, balancers, Docker on the host and the lab network are all of one machine."""
    named = _AUTHORITY.match(lab.host.libvirt)
    if named and named["host"].strip("[]") not in LOOPBACK:
        yield problem(
            lab,
            ("host", "libvirt"),
            f"{lab.host.libvirt} is on another machine, but the lab's registry and "
            "its services on the host are on this one",
            "run isolab on that machine, with qemu:///system",
        )


def the_subnet_is_private(lab: Lab) -> Iterator[Problem]:
    """A public subnet would cut the machine off from whoever owns it."""
    if lab.cidr is None:
        return
    path = ("network", "cidr")
    network = subnet(lab)
    if network is None:
        yield problem(
            lab, path, f"{lab.cidr!r} given, expected a subnet such as 10.80.1.0/24, or auto"
        )
    elif not any(network.subnet_of(private) for private in PRIVATE):
        yield problem(
            lab, path, f"{lab.cidr} is not private", "take one of 10.0.0.0/8 or 192.168.0.0/16"
        )
    elif network.overlaps(DOCKER):
        yield problem(lab, path, f"{lab.cidr} overlaps {DOCKER}, where Docker's networks lie")


def the_subnet_has_room(lab: Lab) -> Iterator[Problem]:
    """Each guest has an address of its own."""
    network = IPv4Network("10.0.0.0/24") if lab.cidr is None else subnet(lab)
    count = sum(group.count for group in lab.guests)
    if network is None:
        return
    room = max(0, network.num_addresses - 1 - BELOW_FIRST_GUEST)
    if count > room:
        where = ("network", "cidr") if lab.cidr else ("guests",)
        yield problem(lab, where, f"{count} guests, but the subnet has addresses for {room}")


def subnet(lab: Lab) -> IPv4Network | None:
    """The lab's own subnet, if it is one."""
    if not re.fullmatch(r"[\d.]+/\d{1,2}", lab.cidr or "", re.ASCII):
        return None
    try:
        return IPv4Network(lab.cidr or "")
    except ValueError:
        return None
