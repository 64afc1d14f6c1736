"""One fault, with a client at work throughout."""

import time
from dataclasses import dataclass

from benchmarks.failover.client import Client
from benchmarks.failover.faults import Fault
from benchmarks.failover.scene import Scene

BEFORE = 5.0
"""Seconds of quiet before the fault."""
AFTER = 5.0
"""Seconds of quiet behind it."""
TIMEOUT = 600.0
"""Seconds that the lab has to be whole again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What became of the client's requests, and of the lab."""

    fault: str
    what: str
    sent: int
    failed: int
    longest_gap: float
    """Seconds."""
    acknowledged: int
    """Writes that the guestbook said it stored."""
    lost: int
    """Of these, how many any member of the database does not hold at the end."""
    whole_after: float
    """Seconds from the fault until every replica was healthy, the time that it lasted included."""


def hold(scene: Scene, fault: Fault) -> Result:
    """Lets the fault happen and waits until the lab is whole again."""
    scene.until_whole(TIMEOUT)
    client = Client(scene.url)
    client.start()
    try:
        time.sleep(BEFORE)
        begin = time.monotonic()
        fault.happen(scene)
        scene.until_whole(TIMEOUT)
        whole_after = time.monotonic() - begin
        time.sleep(AFTER)
        if not scene.whole():
            # A member that was frozen believes itself healthy until it hears of the others.
            scene.until_whole(TIMEOUT)
            whole_after = time.monotonic() - begin
    finally:
        tally = client.stop()
    held = [scene.entries(guest) for guest in scene.plan.guests]
    return Result(
        fault=fault.name,
        what=fault.what,
        sent=tally.sent,
        failed=tally.failed,
        longest_gap=round(tally.longest_gap, 1),
        acknowledged=len(tally.acknowledged),
        lost=sum(any(text not in texts for texts in held) for text in tally.acknowledged),
        whole_after=round(whole_after, 1),
    )
