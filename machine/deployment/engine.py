"""Runs the engine on a stack and hands on its events while it works."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TextIO

from machine import paths
from machine.deployment import runs
from machine.deployment.events import Event, Tick, parse
from machine.host import scratch
from machine.host.scratch import Scratch

POLL = 0.05
"""Seconds between looks at the event log."""
_SET_DEATH_SIGNAL = 1
_LOOKS_ONLY = {"PULUMI_SKIP_CHECKPOINTS": "true"}
"""Of a preview: after each step the engine verifies and writes the whole state there too, where
nobody reads it: a quarter of the processor time for 200 containers. A killed `up` needs it.
"""


class EngineError(Exception):
    """A command of the engine failed; its text is what the engine said."""


@dataclass(kw_only=True, slots=True)
class Outcome:
    """How a run of the engine ended; filled in at its end."""

    code: int = -1
    interrupts: int = 0
    """How often the run was asked to stop."""
    output: str = ""
    """What the engine printed, for errors that are in no event."""


class Engine:
    """The Pulumi CLI, in isolab's environment.

    Args:
        environment: The variables that it runs with.
        log: Where what it prints is logged.
        run: Where the run at work is noted.
    """

    def __init__(self, environment: Mapping[str, str], log: Path, run: Path) -> None:
        self._run = run
        self._environment = {**environment, "PULUMI_DEBUG_COMMANDS": "true"}
        self._log = log

    def ask(self, *words: str, input: str = "") -> str:
        """Run a short command to its end and return what it printed."""
        done = subprocess.run(
            ["pulumi", "--non-interactive", *words],
            cwd=paths.REPO,
            env=self._environment,
            input=input,
            capture_output=True,
            text=True,
            start_new_session=True,
            check=False,
        )
        if done.returncode:
            raise EngineError((done.stderr.strip() or done.stdout.strip()).removeprefix("error: "))
        return done.stdout

    def operate(self, outcome: Outcome, *words: str) -> Iterator[Event]:
        """Run up, preview, refresh or destroy; its events, as they come."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with scratch.folder() as folder:
            events = folder.path / "events"
            events.touch()
            with self._log.open("w") as log, events.open() as reader:
                # A preview may go on beside an up, whose note it must not replace.
                looks = words[0] == "preview"
                mark = "" if looks else runs.begin(self._run)
                more = {runs.VARIABLE: mark, **(_LOOKS_ONLY if looks else {})}
                words = ("--event-log", str(events), *words)
                process = self._start(words, log, more, folder)
                if mark:
                    runs.started(self._run, mark, process.pid)
                with _interrupts_go_to(process, outcome):
                    yield from _follow(process, reader)
                outcome.code = process.returncode
        outcome.output = self._log.read_text()

    def _start(
        self, words: Sequence[str], log: TextIO, more: Mapping[str, str], folder: Scratch
    ) -> subprocess.Popen[bytes]:
        """In a session of its own: a Ctrl-C at the terminal reaches it through us, once.

        Its plugins have their temporary files in the folder, which they hold as long as they run.
        """
        return subprocess.Popen(
            ["pulumi", "--non-interactive", "--color", "never", *words],
            cwd=paths.REPO,
            env={**self._environment, **more, "TMPDIR": str(folder.path)},
            pass_fds=[folder.descriptor],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=_in_own_session_stopped_with_us,
        )


def _in_own_session_stopped_with_us() -> None:
    """When isolab is killed, the engine is asked to stop: nobody would see what it does.

    What it starts has no terminal to ask in either.
    """
    os.setsid()
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGINT)


def _follow(process: subprocess.Popen[bytes], reader: TextIO) -> Iterator[Event]:
    rest = ""
    while True:
        ended = process.poll() is not None
        rest += reader.read()
        *lines, rest = rest.split("\n")
        for line in lines:
            event = parse(line)
            if event:
                yield event
        if ended:
            return
        yield Tick()
        time.sleep(POLL)


@contextmanager
def _interrupts_go_to(process: subprocess.Popen[bytes], outcome: Outcome) -> Iterator[None]:
    """Pass on each wish to stop: the engine ends what it began, at the second it aborts."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        outcome.interrupts += 1
        process.send_signal(signal.SIGINT)

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    heeded = [number for number in signals if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, pass_on) for number in heeded}
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)
