"""Which plugins a lab needs, and what an executable says of itself when asked as one."""

import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

Kind = Literal["resource", "language"]
NAMES = ("libvirt", "docker", "command")
PYTHON_HOST = "pulumi-language-python"
START = 20.0
"""Seconds for a plugin to start and to answer."""


def versions() -> dict[str, str]:
    """The version of each plugin: that of the SDK package it belongs to."""
    return {name: metadata.version(f"pulumi-{name}") for name in NAMES}


def folder(name: str) -> str:
    """What the engine calls the folder of a resource plugin."""
    return f"resource-{name}-v{versions()[name]}"


def program(name: str) -> str:
    """What the engine calls the executable in it."""
    return f"pulumi-resource-{name}"


def is_binary(file: Path) -> bool:
    """Whether a file is a compiled program; the official plugins are, isolab's own are not."""
    try:
        with file.open("rb") as opened:
            return opened.read(4) == b"\x7fELF"
    except OSError:
        return False


def asked(file: Path, kind: Kind) -> str | None:
    """The version that a running plugin tells; None where it does not start or answer."""
    import grpc
    from google.protobuf import empty_pb2
    from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc

    stubs: dict[Kind, Any] = {  # they come without types
        "resource": provider_pb2_grpc.ResourceProviderStub,
        "language": language_pb2_grpc.LanguageRuntimeStub,
    }
    # The address is that of an engine: nothing is asked of it until a program runs.
    command = ["timeout", "--signal=KILL", str(START), str(file), "127.0.0.1:1"]
    try:
        started = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
    except OSError:
        return None
    with started:
        assert started.stdout
        port = started.stdout.readline().decode(errors="replace").strip()
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                answer = stubs[kind](channel).GetPluginInfo(empty_pb2.Empty(), timeout=START)
        except grpc.RpcError:
            return None
        finally:
            started.terminate()
    return str(answer.version).removeprefix("v")
