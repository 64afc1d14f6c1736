"""Before an up: what others are to get is taken from those who have it, which they would keep."""

from collections.abc import Sequence

from isolab.cli.context import deployed, engine
from isolab.diff.reassignment import holders
from isolab.plan.model import Plan
from isolab.transport import Unreachable
from machine.deployment.control import StackControl
from machine.deployment.leftovers import CONTAINER


def remove_holders(
    control: StackControl, old: Plan | None, wanted: Plan, guests: Sequence[str]
) -> None:
    """Remove containers whose ports or addresses go to others, and let the engine see it.

    Args:
        control: The stack's.
        old: The plan of the lab that stands; None where none does.
        wanted: What comes.
        guests: Names of the guests, for the engine's progress.
    """
    giving = holders(old, wanted)
    known = control.state() if giving else None
    if old is None or known is None:
        return
    leaving = {container.name: container for container in giving.values()}
    urns = [r.urn for r in known.resources if r.type == CONTAINER and r.name in leaving]
    for what in giving:
        engine.say(what)
    for container in leaving.values():
        place = deployed.below(old, container)
        try:
            # With the time to end that its own settings give it.
            timeout = container.stop_grace_period + 30
            place.run(["docker", "stop", container.name], timeout=timeout)
            place.run(["docker", "rm", "--force", "--volumes", container.name])
        except Unreachable:
            continue
    if urns:
        engine.run(lambda outcome: control.refresh(outcome, urns), guests)
