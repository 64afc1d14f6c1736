"""Waiting for a lab that comes back: how often its guests are asked, and for how long."""

from pathlib import Path

import pytest

from isolab.cli.context import live
from isolab.cli.output import summary
from isolab.cli.output.progress import Progress
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

REFERENCE = Path(__file__).parents[2] / "stacks/reference.yaml"


class Clock:
    """Time that passes only while somebody looks or sleeps."""

    def __init__(self, looking: float) -> None:
        self.now = 0.0
        self.looking = looking
        self.looks = 0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def status(self, plan: Plan) -> live.Status:
        self.now += self.looking
        self.looks += 1
        host = live.HostStatus(address="", network="inactive", registry="missing", containers=())
        guests = tuple(
            live.GuestStatus(
                name=guest.name, address="", state="running", docker="unreachable", containers=()
            )
            for guest in plan.guests
        )
        return live.Status(
            stack=plan.stack, host=host, guests=guests, endpoints=(), drift=("it boots",)
        )


@pytest.fixture
def plan() -> Plan:
    found = plan_file(REFERENCE, {}, Surroundings(stack="test"))
    assert isinstance(found, Plan)
    return found


@pytest.mark.parametrize(("looking", "looks"), [(0.0, 300), (8.0, 13)])
def test_a_guest_that_answers_slowly_is_asked_a_third_of_the_time(
    monkeypatch: pytest.MonkeyPatch, plan: Plan, looking: float, looks: int
) -> None:
    clock = Clock(looking)
    monkeypatch.setattr(live, "time", clock)
    monkeypatch.setattr(live, "status", clock.status)
    assert live.wait_until_reached(plan) == ("app-1",)
    assert clock.now == pytest.approx(live.WAIT, abs=30)
    assert clock.looks == pytest.approx(looks, abs=2)


def test_what_is_there_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, plan: Plan) -> None:
    clock = Clock(1.0)
    monkeypatch.setattr(live, "time", clock)
    monkeypatch.setattr(live, "status", clock.status)
    assert live.wait_until_healthy(plan, timeout=0).drift == ("it boots",)
    assert clock.looks == 1


@pytest.mark.parametrize(
    ("restarted", "told"),
    [(False, "looked at everything"), (True, "started again what was stopped")],
)
def test_an_up_that_changed_nothing_says_what_took_its_time(
    plan: Plan, *, restarted: bool, told: str
) -> None:
    progress = Progress(["app-1"])
    said = summary.of(plan, progress, setup=1, total=443.8, restarted=restarted)
    assert said.splitlines()[-1] == f"nothing to change; {told} in 443.8 s"
