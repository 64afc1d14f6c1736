"""A stack's checkpoint by its name."""

from isolab.cli.errors import BAD_INPUT, Failure
from isolab.labfile.syntax.node import did_you_mean
from machine.deployment import checkpoints
from machine.deployment.checkpoints import Checkpoint


def checkpoint(stack: str, name: str) -> Checkpoint:
    """The one of that name.

    Raises:
        Failure: The stack has none.
    """
    known = {each.name: each for each in checkpoints.of(stack)}
    if name not in known:
        listed = f"it has {', '.join(known)}" if known else "it has none"
        raise Failure(
            BAD_INPUT,
            f"stack {stack} has no checkpoint {name!r}",
            did_you_mean(name, known) or listed,
        )
    return known[name]
