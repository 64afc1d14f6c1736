"""Runs one member: python3 -m member mariadbd …"""

import os
import signal
import sys
import time
from dataclasses import replace
from types import FrameType

from member import server, talk
from member.decide import Decision, decide, stranded
from member.server import Server
from member.settings import Settings, Wrong
from member.states import State

ROUND = 1.0
"""Seconds between two rounds of asking."""
WATCH = 2.0
"""Seconds between two looks at the own server."""
STRANDED = 30.0
"""Seconds that Galera has to bring a server back into the primary component by itself."""


class Stopped(Exception):
    """Docker asked the container to stop."""


class Member:
    """Waits, agrees, starts the server, watches it; again when it ended by itself."""

    def __init__(self, settings: Settings, command: list[str]) -> None:
        self._settings = settings
        self._command = server.clustered(command)
        self._server: Server | None = None
        self._joins = False
        """Whether the server has still to be set up, as one that joined."""
        data, position = server.position(self._command)
        self._state = State(
            cluster=settings.cluster,
            name=settings.name,
            phase="waiting",
            data=data,
            position=position,
        )
        say(f"{settings.name}: data {data}, {position}")

    def run(self) -> int:
        """Until Docker says stop; the exit code."""
        talk.serve(lambda: self._state)
        try:
            while True:
                self._start(self._agree())
                self._watch()
                time.sleep(ROUND)
                data, position = server.position(self._command)
                # In one step: who reads "waiting" reads the position that goes with it.
                self._state = replace(self._state, phase="waiting", data=data, position=position)
        except Stopped:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            return self._finish()

    def _agree(self) -> str:
        said = ""
        while True:
            decision = self._decide()
            if decision.why != said:
                said = decision.why
                say(f"{decision.what}: {said}")
            if decision.what != "wait":
                return decision.what
            time.sleep(ROUND)

    def _decide(self) -> Decision:
        heard = talk.ask_all(self._settings.others, self._settings.cluster)
        return decide(self._state, heard, tuple(self._settings.members))

    def _start(self, how: str) -> None:
        make = server.first if how == "bootstrap" else server.joining
        words = make(self._settings, self._state.position)
        self._state = replace(self._state, phase="starting")
        self._server = Server([*self._command, *words])
        self._joins = how == "join"

    def _watch(self) -> None:
        """Until the server has ended."""
        assert self._server is not None
        apart_since: float | None = None
        asked_to_stop: float | None = None
        while self._server.alive():
            time.sleep(WATCH)
            phase = self._server.phase()
            if phase == "primary" and self._joins:
                self._joins = not self._server.set_up()
            if phase != self._state.phase:
                say(f"now {phase}")
                self._state = replace(self._state, phase=phase)
            if asked_to_stop is not None:
                # One whose transfer broke off in the middle may wait for ever for its own end.
                if time.monotonic() - asked_to_stop > STRANDED:
                    say("it does not stop: killed")
                    self._server.kill()
                continue
            if phase != "apart":
                apart_since = None
                continue
            apart_since = apart_since or time.monotonic()
            if time.monotonic() - apart_since > STRANDED:
                if stranded(talk.ask_all(self._settings.others, self._settings.cluster)):
                    say("outside the cluster for long: stopping to join again")
                    self._server.terminate()
                    asked_to_stop = time.monotonic()
                apart_since = None
        say(f"the server ended with {self._server.code}")

    def _finish(self) -> int:
        if self._server is None:
            return 0
        self._server.terminate()
        while self._server.alive():
            time.sleep(0.1)
        return self._server.code or 0


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def say(words: str) -> None:
    """A line in the container's log."""
    print(f"member: {words}", flush=True)


def main() -> int:
    """Exit code 1 where the settings are wrong."""
    try:
        settings = Settings.read(os.environ)
    except Wrong as wrong:
        say(str(wrong))
        return 1
    # The first process of a container ignores SIGTERM unless it says what to do with it.
    signal.signal(signal.SIGTERM, _stop)
    try:
        return Member(settings, sys.argv[1:]).run()
    except Stopped:
        return 0


if __name__ == "__main__":
    sys.exit(main())
