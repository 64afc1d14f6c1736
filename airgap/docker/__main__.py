"""Runs the plugin."""

from airgap.docker.connection import Connection
from airgap.docker.container import Container
from airgap.docker.image import RemoteImage
from airgap.docker.network import Network
from airgap.docker.volume import Volume
from airgap.framework import Plugin, serve
from airgap.framework.schema import STRING, Field, List, Object

PLUGIN = Plugin(
    name="docker",
    version="5.1.1",
    config=Object(
        {
            "host": Field(STRING),
            "sshOpts": Field(List(STRING)),
            "caMaterial": Field(STRING),
            "certMaterial": Field(STRING),
            "keyMaterial": Field(STRING),
            "certPath": Field(STRING),
        },
        instead={
            "context": "host",
            "registryAuth": "a registry that asks for no password",
            "disableDockerDaemonCheck": "nothing: a daemon is asked only when something is done",
        },
    ),
    connect=Connection.open,
    close=Connection.close,
    alive=Connection.alive,
    resources=(Network(), Volume(), RemoteImage(), Container()),
)


def main() -> None:
    """Serves the engine that started this process."""
    serve(PLUGIN)


if __name__ == "__main__":
    main()
