"""Resources without the stack of the program that made them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def untraced() -> Iterator[None]:
    """While it lasts, the SDK finds no stack to send along with a resource.

    The engine writes it into the state, where nobody reads it: a third of the state of a lab, which
    an up writes twice for each resource. An exception that leaves has its whole trace.
    """
    before = getattr(sys, "tracebacklimit", None)
    # Of no stack at all the SDK could not make its empty one.
    sys.tracebacklimit = 1
    try:
        yield
    finally:
        if before is None:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = before
