"""`python -m isolab`: what the entry script `lab` runs."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

INTERRUPTED = 128 + signal.SIGINT


def run() -> int:
    """Run the command line, with the groups that the user has by now; the exit code."""
    _heed(signal.SIGINT, _leave)
    from isolab.cli import main
    from machine.host import access, renew

    _heed(signal.SIGINT, signal.default_int_handler)
    # What a command started for a moment goes with it, as after Ctrl-C: a registry, a folder.
    _heed(signal.SIGTERM, _end)
    _heed(signal.SIGHUP, _end)
    renew.attend()
    try:
        if access.state() == "login" and renew.possible(groups := access.missing()):
            return renew.again(groups)
        return main(sys.argv[1:])
    except renew.StartAgain as start:
        return renew.again(start.groups)
    except KeyboardInterrupt:
        return INTERRUPTED


def _heed(number: int, act: Callable[[int, FrameType | None], object]) -> None:
    """Act on a signal, unless whoever started us wants it ignored, as nohup does with SIGHUP."""
    if signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, act)


def _leave(number: int, frame: FrameType | None) -> None:
    """Ctrl-C while modules are imported: nothing was begun, and a trace would tell nobody more."""
    os.write(sys.stderr.fileno(), b"interrupted\n")
    os._exit(INTERRUPTED)


def _end(number: int, frame: FrameType | None) -> None:
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(run())
