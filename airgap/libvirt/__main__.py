"""Runs the plugin."""

from airgap.framework import Plugin, serve
from airgap.framework.schema import STRING, Field, Object
from airgap.libvirt.connection import Connection
from airgap.libvirt.domain import Domain
from airgap.libvirt.network import Network
from airgap.libvirt.pool import Pool
from airgap.libvirt.seed import CloudInitDisk
from airgap.libvirt.volume import Volume

PLUGIN = Plugin(
    name="libvirt",
    version="0.5.4",
    config=Object({"uri": Field(STRING)}),
    connect=Connection.open,
    close=Connection.close,
    alive=Connection.alive,
    resources=(Pool(), Volume(), CloudInitDisk(), Network(), Domain()),
)


def main() -> None:
    """Serves the engine that started this process."""
    serve(PLUGIN)


if __name__ == "__main__":
    main()
