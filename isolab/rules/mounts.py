"""Rules about what containers mount of the host and of their guest."""

import re
from collections.abc import Iterator
from os.path import abspath, dirname, relpath

from isolab.model import BindMount, Lab, Problem
from isolab.rules.problem import warning

SOCKET = "docker.sock"


def copies_are_no_place_to_keep_data(lab: Lab) -> Iterator[Problem]:
    """Docker writes into the folder itself; here the guest has a copy, on its root disk."""
    for service in lab.services:
        for bind in service.binds:
            path = ("services", service.name, "volumes")
            shown = _shown(lab, bind)
            retained = f"a named volume is retained: {_volume_for(bind)}:{bind.target}"
            if bind.missing:
                yield warning(
                    lab,
                    path,
                    f"{shown} is not there: {bind.target} is an empty folder"
                    + (", which is lost with the guest's root disk" * (not bind.read_only)),
                    "create it first if the service reads something there"
                    if bind.read_only
                    else retained,
                )
            elif not bind.read_only:
                yield warning(
                    lab,
                    path,
                    f"{bind.target} is a copy of {shown}: what is written there is lost "
                    "when the guest's root disk is replaced or the original changes",
                    f"add :ro if the service only reads it; {retained}",
                )


def what_is_the_guests_own_is_mounted(lab: Lab) -> Iterator[Problem]:
    """One may want that, but should know whose it is."""
    for service in lab.services:
        for mount in service.guest_mounts:
            holds = mount.source.endswith(SOCKET) or not mount.read_only
            yield warning(
                lab,
                ("services", service.name, "volumes"),
                f"{mount.source} at {mount.target} is the guest's, not this machine's",
                f"it gives {service.name} all rights on the guest and its containers" * holds,
            )


def _shown(lab: Lab, bind: BindMount) -> str:
    """From the lab file's folder on, where it lies there."""
    path = relpath(bind.source, dirname(abspath(lab.file)))
    return bind.source if path.startswith("..") else f"./{path}"


def _volume_for(bind: BindMount) -> str:
    """A volume's name after the folder's."""
    return "-".join(re.findall(r"[a-zA-Z0-9]+", bind.source.rsplit("/", 1)[-1])) or "data"
