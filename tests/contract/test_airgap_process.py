"""What a plugin costs before it does anything: the engine starts one for each explicit provider."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2_grpc

from airgap.install import write_plugin

PLUGINS = ("libvirt", "docker", "command")
MOST_CPU = 0.5
"""Seconds of a processor until the port is told; clocks measure the machine's other work."""
MOST_MEMORY = 64
"""MiB."""


def cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def memory(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_starts_fast_and_small(
    name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    made = write_plugin(name, metadata.version(f"pulumi-{name}"), Path(sys.executable), tmp_path)
    process = subprocess.Popen(
        [made / f"pulumi-resource-{name}", "127.0.0.1:1"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        used, held = cpu(process.pid), memory(process.pid)
        calls = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}"))
        assert calls.GetPluginInfo(empty_pb2.Empty()).version == metadata.version(f"pulumi-{name}")
    finally:
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(10)
    record_property("seconds", used)
    record_property("MiB", held)
    assert used < MOST_CPU
    assert held < MOST_MEMORY
    assert time.monotonic() - began < 5
