"""Who starts the cluster, and when a member joins: decided from what all members say.

A member starts a cluster of its own only after it has heard every member in one round, all of them
without a running server: whoever is missing may hold later transactions, or be at work already.
Nobody's position moves while no server runs, so all who hear all name the same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from member.states import State


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What to do now, and why."""

    what: Literal["bootstrap", "join", "wait"]
    why: str


def decide(me: State, heard: Mapping[str, State], members: Sequence[str]) -> Decision:
    """For a member without a running server. `heard` holds the others that answered this round."""
    primaries = [name for name in members if name in heard and heard[name].phase == "primary"]
    if primaries:
        return Decision(what="join", why=f"{' and '.join(primaries)} run the cluster")
    missing = [name for name in members if name != me.name and name not in heard]
    if missing:
        return Decision(what="wait", why=f"not heard yet: {', '.join(missing)}")
    running = [name for name in members if name in heard and heard[name].phase != "waiting"]
    if running:
        return Decision(what="wait", why=f"still busy: {', '.join(running)}")
    everyone = {**heard, me.name: me}
    return _chosen(me, [everyone[name] for name in members])


def _chosen(me: State, everyone: Sequence[State]) -> Decision:
    broken = [state.name for state in everyone if state.data == "broken"]
    if broken:
        # It may be the one with the last transactions.
        return Decision(what="wait", why=f"cannot be read, look at it: {', '.join(broken)}")
    whole = [state for state in everyone if state.data == "whole"]
    if len({state.position.uuid for state in whole}) > 1:
        return Decision(what="wait", why="members hold different histories: remove the wrong ones")
    # max takes the first of equals: the order of the members decides.
    leader = max(whole, key=lambda state: state.position.seqno) if whole else everyone[0]
    if leader.name == me.name:
        return Decision(what="bootstrap", why=f"all heard, furthest: {leader.position}")
    return Decision(what="wait", why=f"{leader.name} begins, at {leader.position}")


def stranded(heard: Mapping[str, State]) -> bool:
    """Whether a server outside the primary component had better stop and ask again.

    Galera mends a cut network by itself. It cannot where another server went away meanwhile: then
    that member waits to hear of one that waits too, or the cluster runs without this one.
    """
    return any(state.phase in ("waiting", "primary") for state in heard.values())
