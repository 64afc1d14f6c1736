"""Commands on the machine that the engine runs on."""

import contextlib
import os
import signal
import subprocess
import threading
from typing import IO

from airgap.command.command import FIELDS, INSTEAD, Command, Outcome, Task, text
from airgap.command.ssh import Connections
from airgap.command.streams import Lines
from airgap.framework import Context, Failure, Inputs
from airgap.framework.schema import STRING, Field, List, Object

_SHELL = ["/bin/sh", "-c"]
_CHECK_CANCELLED = 0.2
_GRACE = 0.3
"""Seconds for a command to end by itself when it is told to."""


class LocalCommand(Command):
    """A command run by the plugin itself."""

    token = "command:local:Command"
    inputs = Object(
        {**FIELDS, "dir": Field(STRING), "interpreter": Field(List(STRING))}, instead=INSTEAD
    )
    unfilled = ("archive", "archivePaths", "assetPaths", "assets")

    def run(self, context: Context[Connections], inputs: Inputs, task: Task) -> Outcome:
        command = [*(inputs.get("interpreter") or _SHELL), task.command]
        try:
            process = subprocess.Popen(
                command,
                cwd=inputs.get("dir"),
                env={**os.environ, **task.previous, **task.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            where = f" in {inputs['dir']}" if inputs.get("dir") else ""
            raise Failure(f"cannot run {command[0]}{where}: {error.strerror}") from error
        stdout = Lines(lambda line: task.logged("stdout", line))
        stderr = Lines(lambda line: task.logged("stderr", line))
        assert process.stdin and process.stdout and process.stderr
        threads = [
            threading.Thread(target=_feed, args=(process.stdin, task.stdin.encode()), daemon=True),
            threading.Thread(target=_drain, args=(process.stdout, stdout), daemon=True),
            threading.Thread(target=_drain, args=(process.stderr, stderr), daemon=True),
        ]
        for thread in threads:
            thread.start()
        _wait(process, context)
        for thread in threads[1:]:
            thread.join()
        if context.ending.is_set():
            raise Failure(f"{context.ending.reason} while a command ran here")
        code = process.returncode
        failure = f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        return Outcome(
            stdout=text(stdout.end()),
            stderr=text(stderr.end()),
            failure=failure if code else "",
        )


def _wait(process: "subprocess.Popen[bytes]", context: Context[Connections]) -> None:
    while process.poll() is None and not context.ending.is_set():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_CHECK_CANCELLED)
    # What it has started must go too: it holds the pipes.
    for number in (signal.SIGTERM, signal.SIGKILL) if context.ending.is_set() else ():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)


def _feed(pipe: IO[bytes], data: bytes) -> None:
    try:
        pipe.write(data)
        pipe.close()
    except BrokenPipeError:
        return


def _drain(pipe: IO[bytes], lines: Lines) -> None:
    while piece := os.read(pipe.fileno(), 65536):
        lines.add(piece)
