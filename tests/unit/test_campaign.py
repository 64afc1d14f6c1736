"""What the campaign of faults takes for harm, and what for the same thing made once more."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.campaign import inventory, soaking, table, trial
from benchmarks.campaign.fault import DOWN, UP
from benchmarks.campaign.faults import FAULTS
from benchmarks.campaign.inventory import Thing
from benchmarks.campaign.verdict import Command, Observation, Outcome, problems
from isolab.cli.errors import Failure

DONE = Command(words="up", code=0, seconds=3.0, said="")
KILLED = Command(words="up", code=-9, seconds=1.0, said="")
THROUGH = Observation(
    fault="kill-isolab-up",
    what="kill -9 of isolab",
    at=1.0,
    commands=(KILLED,),
    refused=False,
    outcome=Outcome(
        converging=(DONE, replace(DONE, words="status", seconds=1.5)),
        written=frozenset({"a", "b"}),
        found=frozenset({"a", "b", "from elsewhere"}),
    ),
)


def with_outcome(**changes: object) -> Observation:
    return replace(THROUGH, outcome=replace(THROUGH.outcome, **changes))


def test_a_lab_that_came_back_whole_has_no_problem() -> None:
    assert problems(THROUGH) == ()
    assert (THROUGH.outcome.lost, THROUGH.outcome.seconds) == (0, 4.5)


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (with_outcome(found=frozenset({"a"})), "1 acknowledged writes lost"),
        (with_outcome(left=("process pulumi",)), "left over: process pulumi"),
        (with_outcome(missing=("pool isolab-faults",)), "missing: pool isolab-faults"),
        (with_outcome(converging=(replace(DONE, code=1),)), "up ended with 1"),
        (replace(THROUGH, refused=True, commands=(DONE,)), "up ended with 0, expected a refusal"),
        (
            replace(THROUGH, commands=(replace(DONE, code=1, said="Expecting value: line 1"),)),
            "up printed 'Expecting value'",
        ),
        (replace(THROUGH, commands=(DONE, replace(DONE, code=-11))), "up ended with -11"),
    ],
)
def test_each_harm_is_a_problem(seen: Observation, problem: str) -> None:
    assert problems(seen) == (problem,)


def test_the_same_thing_made_once_more_is_no_other() -> None:
    hashed = "/run/docker/3f2a7b1c9d0e4f5a6b7c8d9e0f1a2b3c/sock"
    assert inventory.general(hashed) == "/run/docker/HASH/sock"
    assert inventory.general("qemu/domain-3-isolab-faults-app-1/monitor.sock") == (
        "qemu/domain-N-isolab-faults-app-1/monitor.sock"
    )
    assert inventory.general("vnet12") == "vnetN"
    counted = ":FORWARD DROP [12:3456]"
    assert inventory.rule(counted) == inventory.rule(":FORWARD DROP [0:0]")


@pytest.mark.parametrize(
    "form", ["-A DOCKER -j DNAT --to-destination {}:5000", "tcp dport 5000 dnat to {}:5000"]
)
def test_a_container_that_docker_starts_again_may_get_another_address(form: str) -> None:
    first, second = (form.format(address) for address in ("172.17.0.2", "172.17.0.3"))
    assert inventory.rule(first) == inventory.rule(second)
    assert inventory.rule(first) != inventory.rule(first.replace("5000", "5001"))


def test_what_is_there_twice_is_left_over_once() -> None:
    dnsmasq = Thing(kind="process", name="dnsmasq")
    assert inventory.more(Counter({dnsmasq: 2}), Counter({dnsmasq: 1})) == ("process dnsmasq",)
    assert inventory.more(Counter({dnsmasq: 1}), Counter({dnsmasq: 2})) == ()


def test_only_sockets_that_listen_count() -> None:
    rows = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 0100007F:C001 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   2: 0100007F:1389 0100007F:C002 01 00000000:00000000 00:00000000 00000000     0
"""
    assert [*inventory.listening(rows)] == ["0100007F:5000", "0100007F:chosen by the kernel"]


def test_points_are_spread_over_the_whole_command() -> None:
    spread = next(fault for fault in FAULTS if fault.spread)
    assert trial.moments(spread, 4, 8.0) == (1.0, 3.0, 5.0, 7.0)
    once = next(fault for fault in FAULTS if not fault.spread)
    assert trial.moments(once, 4, 8.0) == (4.0,)


def test_a_campaign_that_ends_early_has_seen_most_faults() -> None:
    names = ["kill-isolab-down", "kill-isolab-up", "libvirtd-up", "kill-engine-up"]
    faults = [fault for name in names for fault in FAULTS if fault.name == name]
    assert [(fault.name, point) for fault, point in trial.order(faults, 2)] == [
        ("kill-isolab-up", 0),
        ("libvirtd-up", 0),
        ("kill-engine-up", 0),
        ("kill-isolab-up", 1),
        ("kill-engine-up", 1),
        ("kill-isolab-down", 0),
        ("kill-isolab-down", 1),
    ]


def test_each_fault_has_a_name_of_its_own() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(names) == len(set(names))
    pairs = [fault for fault in FAULTS if fault.beside]
    assert len(pairs) == 15
    begun = {fault.begins for fault in FAULTS if fault.words == DOWN}
    assert begun == {"standing"}
    assert {fault.words for fault in FAULTS if fault.begins == "retained"} == {UP}


def test_a_fault_that_is_not_there_is_told_before_anything_runs() -> None:
    with pytest.raises(Failure, match="there is no fault 'quake'"):
        table.chosen(["quake"])
    assert [fault.name for fault in table.chosen(["guest-up"])] == ["guest-up"]


def test_a_row_of_the_table_tells_a_fault() -> None:
    row = table.row_of(with_outcome(left=("process pulumi",)))
    assert table.line(row) == (
        "| kill -9 of isolab | 1.0 s | -9 | 4 s | 1 | 0 | left over: process pulumi |"
    )
    late = table.row_of(replace(THROUGH, at=None))
    assert "| had ended |" in table.line(late)


def test_a_cycle_of_a_soak_has_no_moment() -> None:
    cycle = table.row_of(replace(THROUGH, what=soaking.name(2), at=None, commands=()))
    assert table.line(cycle) == "| cycle-3 |  |  | 4 s | 0 | 0 | none |"
