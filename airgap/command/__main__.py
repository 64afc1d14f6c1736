"""The plugin `command` as a process."""

from airgap.command.local import LocalCommand
from airgap.command.remote import RemoteCommand
from airgap.command.ssh import Connections
from airgap.framework import Plugin, serve
from airgap.framework.schema import Object

PLUGIN = Plugin(
    name="command",
    version="1.2.1",
    bridged=False,
    adds={"__pulumi-go-provider-version": "1.2.0"},
    config=Object({}),
    connect=lambda _: Connections(),
    resources=(LocalCommand(), RemoteCommand()),
    close=Connections.close,
)


def main() -> None:
    """Serves the engine that started it."""
    serve(PLUGIN)


if __name__ == "__main__":
    main()
