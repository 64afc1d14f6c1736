"""What a stack has made already, for a program that runs inside the engine."""

import os

from machine.deployment import leftovers, state


def standing(stack: str) -> frozenset[str] | None:
    """Names of the stack's domains and containers; None where the state cannot be read from here.

    Read from the file of a file backend: asking the engine from its own program would be a second
    engine on the same stack.
    """
    file = state.file(os.environ.get("PULUMI_BACKEND_URL", ""), stack)
    if file is None:
        return None
    if not file.exists():
        return frozenset()
    known = state.parse(file.read_text())
    return frozenset(r.name for r in known.of_type(leftovers.DOMAIN, leftovers.CONTAINER))
