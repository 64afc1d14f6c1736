"""What the layers of a stack are like at this moment, in the drawing's words."""

from collections.abc import Mapping

from isolab.architecture.draw.drawing import State, Well
from isolab.cli import live
from isolab.plan.model import Plan


def of(plan: Plan) -> Mapping[tuple[str, str], State]:
    """Each box's state, by its kind and name."""
    now = live.status(plan)
    found = {
        ("lab network", plan.network.name): _state(now.host.network, now.host.network == "active"),
        ("registry", "registry"): _state(now.host.registry, now.host.registry == "running"),
    }
    for guest in now.guests:
        docker = "" if guest.docker == "running" else f", Docker {guest.docker}"
        found["guest", guest.name] = _state(guest.state + docker, guest.state == "running")
        if docker and guest.state == "running":
            found["guest", guest.name] = State(words=guest.state + docker, well="unknown")
        for container in guest.containers:
            health = "" if container.health == "none" else f", {container.health}"
            well = container.state == "running" and container.health in ("healthy", "none")
            found["container", container.name] = _state(container.state + health, well)
    return found


def _state(words: str, well: bool) -> State:
    verdict: Well = "unknown" if live.UNKNOWN in words else "well" if well else "down"
    return State(words=words, well=verdict)
