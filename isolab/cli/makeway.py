"""Before an up: what others are to get is taken from those who have it, which they would keep."""

from collections.abc import Sequence

from isolab.architecture.handover import givers
from isolab.cli import deployed, engine
from isolab.plan.model import Plan
from isolab.transport import Unreachable
from machine.deployment.control import StackControl
from machine.deployment.leftovers import CONTAINER


def remove_givers(control: StackControl, wanted: Plan, guests: Sequence[str]) -> None:
    """Remove containers whose ports or addresses go to others, and let the engine see it."""
    known = control.state()
    old = control.plan(known)
    giving = givers(old, wanted)
    if not (known and old and giving):
        return
    names = {container.name for container in giving.values()}
    urns = [r.urn for r in known.resources if r.type == CONTAINER and r.name in names]
    for what in giving:
        engine.say(what)
    for container in {c.name: c for c in giving.values()}.values():
        place = deployed.below(old, container)
        try:
            # With the time to end that its own settings give it.
            patience = container.stop_grace_period + 30
            place.run(["docker", "stop", container.name], timeout=patience)
            place.run(["docker", "rm", "--force", "--volumes", container.name])
        except Unreachable:
            continue
    if urns:
        engine.run(lambda outcome: control.refresh(outcome, urns), guests)
