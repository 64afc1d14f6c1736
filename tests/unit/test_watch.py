"""A guest whose QEMU ends while the engine waits for it is started once more."""

from collections.abc import Iterator, Sequence

import pytest

from isolab.transport import Result
from machine.deployment.events import Begun, Done, Event, Note, Step, Tick
from machine.deployment.watch import restarting

DOMAIN = "urn:pulumi:s::isolab::isolab:index:Guest$libvirt:index/domain:Domain::app-1"


def step(operation: str, *, running: bool = True) -> Step:
    outputs = {"name": "isolab-s-app-1", "running": running}
    return Step(operation=operation, urn=DOMAIN, parent="", diffs=(), outputs=outputs)


class Host:
    """A libvirt that says how the domain is."""

    def __init__(self, state: str) -> None:
        self.state = state
        self.started = 0

    def argv(self, command: Sequence[str], *, terminal: bool = False) -> list[str]:
        return list(command)

    def run(self, command: Sequence[str], input: str = "", timeout: float = 30) -> Result:
        if "start" in command:
            self.started += 1
            return Result(stdout="Domain 'isolab-s-app-1' started", stderr="", code=0, duration=0)
        return Result(stdout=f"{self.state}\n\n", stderr="", code=0, duration=0)


def notes(host: Host, *events: Event) -> list[str]:
    """What is told, with twenty seconds from one event to the next."""
    times = iter(range(0, 2000, 20))
    found: Iterator[Event] = restarting(
        events, host, lambda: "qemu:///system", clock=lambda: float(next(times))
    )
    return [event.text for event in found if isinstance(event, Note)]


def test_a_guest_that_crashed_is_started_once() -> None:
    host = Host("shut off (crashed)")
    told = notes(host, Done(step=step("create")), Tick(), Tick(), Tick())
    assert told == ["domain isolab-s-app-1 was shut off (crashed): it was started again"]
    assert host.started == 1


@pytest.mark.parametrize("state", ["running (booted)", "paused (user)"])
def test_one_that_is_not_off_is_left(state: str) -> None:
    host = Host(state)
    assert notes(host, Done(step=step("create")), Tick(), Tick()) == []
    assert host.started == 0


@pytest.mark.parametrize(
    "events",
    [
        (Begun(step=step("create")), Tick(), Tick()),
        (Done(step=step("same")), Begun(step=step("replace")), Tick(), Tick()),
        (Done(step=step("create", running=False)), Tick(), Tick()),
    ],
)
def test_what_the_engine_works_on_or_wants_off_is_left(events: tuple[Event, ...]) -> None:
    host = Host("shut off (destroyed)")
    assert notes(host, *events) == []
    assert host.started == 0
