"""The daemons that isolab talks to: this machine's own, whatever the user's shell is set to."""

import socket
from collections.abc import MutableMapping

DOCKER = "unix:///var/run/docker.sock"
_FOREIGN = (
    "DOCKER_CONTEXT",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "LIBVIRT_DEFAULT_URI",
    "VIRSH_DEFAULT_CONNECT_URI",
)
_AGENT = "SSH_AUTH_SOCK"


def settle(environment: MutableMapping[str, str]) -> None:
    """Have Docker's client and libvirt's, in this process and below, use this machine's daemons.

    DOCKER_HOST outranks the context that the user chose in ~/.docker/config.json. An ssh agent that
    has ended is none.
    """
    for name in _FOREIGN:
        environment.pop(name, None)
    environment["DOCKER_HOST"] = DOCKER
    # The official command plugin asks the agent also where it has a key, and fails without it.
    if not _listens(environment.get(_AGENT, "")):
        environment.pop(_AGENT, None)


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as end:
        try:
            end.connect(path)
        except OSError:
            return False
    return True
