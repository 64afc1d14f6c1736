"""The daemons that isolab talks to: this machine's own, whatever the user's shell is set to."""

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


def settle(environment: MutableMapping[str, str]) -> None:
    """Have Docker's client and libvirt's, in this process and below, use this machine's daemons.

    DOCKER_HOST outranks the context that the user chose in ~/.docker/config.json.
    """
    for name in _FOREIGN:
        environment.pop(name, None)
    environment["DOCKER_HOST"] = DOCKER
