"""The language host as a process."""

import os
import threading
from typing import Any

from pulumi.runtime.proto import language_pb2_grpc

from airgap.framework.serve import run_server
from airgap.language.host import Host


def main() -> None:
    """Answers one engine until it is done or gone."""
    ended = threading.Event()
    host = Host(ended)

    def register(server: Any) -> None:
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)

    run_server(register, ended)
    os._exit(0)


if __name__ == "__main__":
    main()
