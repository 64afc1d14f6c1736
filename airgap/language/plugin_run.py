"""Runs a plugin that is written in Python: what it prints goes to the engine as it comes."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import IO, Any

from pulumi.runtime.proto import language_pb2

from airgap.language.interpreter import Interpreter

_POLL = 0.05


def run(
    request: Any, interpreter: Interpreter, unwanted: Callable[[], bool]
) -> Iterator[language_pb2.RunPluginResponse]:
    """The lines of the plugin, and its exit code at the end.

    Args:
        request: The engine's, with the plugin's folder, arguments, working folder and environment.
        interpreter: The Python that the plugin is installed for.
        unwanted: Once it says so, the plugin is ended.
    """
    # A name that is given twice has the later value.
    given = dict(each.split("=", 1) for each in request.env if "=" in each)
    environment = {**os.environ, **given}
    if interpreter.virtualenv is not None:
        binaries = str(interpreter.virtualenv / "bin")
        environment["VIRTUAL_ENV"] = str(interpreter.virtualenv)
        environment["PATH"] = os.pathsep.join([binaries, environment.get("PATH", "")])
    info = request.info
    program = os.path.normpath(os.path.join(info.program_directory, info.entry_point or "."))
    process = subprocess.Popen(
        [str(interpreter.python), "-u", program, *request.args],
        cwd=request.pwd or info.program_directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    threading.Thread(target=_end, args=(process, unwanted), daemon=True).start()
    yield from _lines(process)
    yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _lines(process: "subprocess.Popen[bytes]") -> Iterator[language_pb2.RunPluginResponse]:
    """What both streams say, until both have ended."""
    said: SimpleQueue[language_pb2.RunPluginResponse | None] = SimpleQueue()

    def hand_on(stream: IO[bytes], answer: Callable[[bytes], Any]) -> None:
        for line in stream:
            said.put(answer(line))
        said.put(None)

    assert process.stdout and process.stderr
    streams = {process.stdout: _output, process.stderr: _complaint}
    for pair in streams.items():
        threading.Thread(target=hand_on, args=pair, daemon=True).start()
    for _ in streams:
        while (line := said.get()) is not None:
            yield line


def _output(line: bytes) -> language_pb2.RunPluginResponse:
    return language_pb2.RunPluginResponse(stdout=line)


def _complaint(line: bytes) -> language_pb2.RunPluginResponse:
    return language_pb2.RunPluginResponse(stderr=line)


def _end(process: "subprocess.Popen[bytes]", unwanted: Callable[[], bool]) -> None:
    while process.poll() is None:
        if unwanted():
            process.terminate()
            return
        time.sleep(_POLL)
