"""Waiting for a daemon that somebody lets us in to, but that does not answer yet."""

import time
from collections.abc import Callable
from typing import TypeVar

from airgap.framework.resource import Failure

T = TypeVar("T")

PAUSE = 0.2


class NotYet(Failure):
    """Somebody listens there, but the connection ended without a whole answer, or nothing came.

    A program that starts, or is restarted, does that. Where nobody listens, nobody starts.
    """


_IN_VAIN: set[str] = set()
"""Who was waited for all the time that there was: each resource would wait as long again."""


def answered(who: str, ask: Callable[[], T], seconds: float) -> T:
    """What is answered; the last NotYet, with how long it was waited for, when the time is over."""
    began = time.monotonic()
    while True:
        try:
            found = ask()
        except NotYet as problem:
            waited = time.monotonic() - began
            if who in _IN_VAIN or waited > seconds:
                _IN_VAIN.add(who)
                raise Failure(f"{problem} (asked for {waited:.0f} s)") from None
        else:
            _IN_VAIN.discard(who)
            return found
        time.sleep(PAUSE)
