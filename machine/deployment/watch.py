"""Guests whose QEMU ends while the engine waits for them: they are started once more.

The engine only sees that a guest does not answer, and waits until the time for that is over.
"""

import time
from collections.abc import Callable, Iterable, Iterator

from isolab.transport import Transport, Unreachable
from machine.deployment import leftovers
from machine.deployment.events import Begun, Done, Event, Note, Tick
from machine.deployment.state import urn_type

EVERY = 15.0
"""Seconds between looks."""
TIMEOUT = 10
"""Seconds for one question."""
Clock = Callable[[], float]


def restarting(
    events: Iterable[Event],
    host: Transport,
    libvirt: Callable[[], str],
    clock: Clock = time.monotonic,
) -> Iterator[Event]:
    """The events as they are, and a note where a domain of theirs was started once more.

    Args:
        events: Of the engine at work.
        host: The way to libvirt.
        libvirt: Tells the libvirt's URI, once that is needed.
        clock: Counts seconds.
    """
    stands: dict[str, str] = {}
    again: set[str] = set()
    last = clock()
    for event in events:
        yield event
        match event:
            case Begun(step=step) if urn_type(step.urn) == leftovers.DOMAIN:
                # What the engine works on may be off on purpose.
                stands.pop(step.urn, None)
            case Done(step=step) if urn_type(step.urn) == leftovers.DOMAIN:
                if step.outputs.get("running"):
                    stands[step.urn] = str(step.outputs.get("name", ""))
            case Tick() if clock() - last > EVERY:
                last = clock()
                for name in {*stands.values()} - again:
                    if state := _off(host, libvirt(), name):
                        again.add(name)
                        yield _restart(host, libvirt(), name, state)
            case _:
                pass


def _off(host: Transport, libvirt: str, name: str) -> str:
    """How a domain is off, in libvirt's words; empty where it runs or libvirt does not say."""
    said = _virsh(host, libvirt, "domstate", "--reason", name)
    return said if said.startswith("shut off") else ""


def _restart(host: Transport, libvirt: str, name: str, state: str) -> Note:
    started = "started" in _virsh(host, libvirt, "start", name)
    done = "it was started again" if started else f"virsh start {name} starts it again"
    return Note(text=f"domain {name} was {state}: {done}")


def _virsh(host: Transport, libvirt: str, *words: str) -> str:
    try:
        said = host.run(["env", "LC_ALL=C", "virsh", "-c", libvirt, *words], timeout=TIMEOUT)
    except Unreachable:
        return ""
    return said.stdout.strip() if said.ok else ""
