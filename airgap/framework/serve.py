"""A plugin as a process: prints its port, answers one engine, ends when told or orphaned."""

import os
import select
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2_grpc

from airgap.framework.plugin import Plugin
from airgap.framework.servicer import Servicer

_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),
]
_THREADS = 64
_GRACE = 0.5
"""Seconds for answers that are on their way when the end comes."""
_GRACE_OF_AN_ORPHAN = 60
"""Seconds to undo what nobody will write down any more."""


def serve(plugin: Plugin) -> None:
    """Runs the plugin until SIGINT, SIGTERM, or until the engine that started it is gone."""
    parent = os.getppid()
    servicer = Servicer(
        plugin,
        _teller(sys.argv[1]) if len(sys.argv) > 1 else lambda u, t: None,
        lambda: os.getppid() != parent,
    )
    run_server(
        lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server),
        servicer.cancelled,
    )
    servicer.close()
    os._exit(0)


def run_server(register: Any, cancelled: threading.Event) -> None:
    """Serves on a free port of the loopback, printed on standard output, until the end is asked."""
    ended = threading.Event()
    told, tells = os.pipe()
    os.set_blocking(tells, False)
    # The kernel hands a signal to any thread; the pipe wakes the one that waits for it.
    signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server = grpc.server(ThreadPoolExecutor(max_workers=_THREADS), options=_OPTIONS)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    parent = os.getppid()
    while not ended.is_set() and os.getppid() == parent:
        select.select([told], [], [], 1)
    cancelled.set()
    server.stop(_GRACE if ended.is_set() else _GRACE_OF_AN_ORPHAN).wait()


def _teller(address: str) -> Any:
    """Shows a word beside a resource, through the engine at the address."""
    stubs: list[Any] = []

    def say(urn: str, text: str) -> None:
        if not stubs:
            stubs.append(engine_pb2_grpc.EngineStub(grpc.insecure_channel(address)))
        request = engine_pb2.LogRequest(
            severity=engine_pb2.INFO, message=text, urn=urn, ephemeral=True
        )
        try:
            stubs[0].Log(request, timeout=2)
        except grpc.RpcError:
            return

    return say
