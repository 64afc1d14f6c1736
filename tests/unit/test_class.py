"""A class has a stack for each learner, as many as fit, and none of anybody else's."""

import io
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from isolab.cli import main
from isolab.cli.context import each_stack
from isolab.cli.errors import BAD_INPUT, UNABLE
from isolab.plan import capacity
from isolab.plan.model import Machine, Plan, RunningDomain, Surroundings
from isolab.plan.read import plan_file
from isolab.units import MiB
from machine.deployment import classes, config
from machine.deployment.classes import Class

LAB = Path(__file__).parents[2] / "stacks/reference.yaml"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(config, "STACKS", tmp_path / "stacks")
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    (tmp_path / "stacks").mkdir()
    return tmp_path


def planned() -> Plan:
    made = plan_file(LAB, {}, Surroundings(stack="s"))
    assert isinstance(made, Plan)
    return made


def machine(memory: int, free_disk: int, available: int | None = None, taken: int = 0) -> Machine:
    running = (RunningDomain(name="a", memory=MiB(taken), growth=MiB(taken), files=()),)
    return Machine(
        memory=MiB(memory),
        cpus=2,
        free_disk=MiB(free_disk),
        running=running if taken else (),
        available=None if available is None else MiB(available),
    )


def test_memory_says_how_many_fit_and_disks_how_many_may_grow() -> None:
    plan = planned()
    memory = sum(guest.memory for guest in plan.guests)
    disk = sum(guest.disk + (guest.data or 0) for guest in plan.guests)
    holds = machine(7 * memory + 1, 3 * disk)
    assert capacity.of_memory(plan, holds).count == 7
    assert capacity.of_disks(plan, holds).count == 3


def test_what_runs_already_is_not_free() -> None:
    plan = planned()
    memory = sum(guest.memory for guest in plan.guests)
    assert capacity.of_memory(plan, machine(8 * memory, 0, taken=3 * memory)).count == 5
    assert capacity.of_memory(plan, machine(8 * memory, 0, available=2 * memory)).count == 2
    assert capacity.of_memory(plan, machine(memory, 0, taken=2 * memory)).count == 0
    disk = sum(guest.disk + (guest.data or 0) for guest in plan.guests)
    assert capacity.of_disks(plan, machine(1, 3 * disk, taken=2 * disk)).count == 1


def test_more_than_the_machine_holds_is_refused_before_anything(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from machine.host import looking

    memory = sum(guest.memory for guest in planned().guests)

    def small(*_: object) -> Machine:
        return machine(5 * memory, 10**9)

    monkeypatch.setattr(looking, "machine", small)
    assert main(["class", "create", "12", "--lab", "reference"]) == UNABLE
    said = capsys.readouterr().err
    assert "room for 5 more of 12 stacks of class reference" in said
    assert classes.names() == ()


def test_a_stack_of_somebody_else_is_none_of_the_class(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.file("reference-02").write_text("config:\n  isolab:lab: reference\n")
    assert main(["class", "create", "2"]) == BAD_INPUT
    assert "stack reference-02 exists and is not of class reference" in capsys.readouterr().err


def test_a_class_keeps_its_lab(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    classes.write(Class(name="monday", lab="replicated", stacks=("monday-01",)))
    assert main(["class", "create", "2", "--name", "monday"]) == BAD_INPUT
    assert "class monday is of lab replicated" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["0"], ["100"], ["2", "--at-once", "0"], ["2", "--name", "A"]])
def test_impossible_numbers_and_names_are_refused(home: Path, words: list[str]) -> None:
    assert main(["class", "create", *words]) == BAD_INPUT


def test_a_class_is_not_removed_unasked(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    classes.write(Class(name="monday", lab="reference", stacks=("monday-01", "monday-02")))
    assert main(["class", "down", "monday"]) == BAD_INPUT
    assert "all 2 stacks of class monday and their data" in capsys.readouterr().err
    assert main(["class", "down", "mondy"]) == BAD_INPUT
    assert "did you mean monday?" in capsys.readouterr().err
    assert classes.names() == ("monday",)


def test_every_stack_has_its_command_and_its_log(home: Path) -> None:
    commands = {"a": ["validate", str(LAB)], "b": ["validate", "/none.yaml"], "c": ["--version"]}
    assert each_stack.run(commands, 2) == ("b",)
    assert "none.yaml" in each_stack.log("b").read_text()
    assert "isolab" in each_stack.log("c").read_text()


def test_an_interrupt_ends_those_that_run_and_begins_no_other(
    home: Path, request: pytest.FixtureRequest
) -> None:
    # A shell that starts the tests in the background has SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))

    def interrupt() -> None:
        while not each_stack.log("a").exists():
            time.sleep(0.05)
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    wait = ["exec", "--help"]
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        each_stack.run({"a": ["test", "--help"], **{f"b{n}": wait for n in range(50)}}, 1)
    assert time.monotonic() - begin < 20
    assert not each_stack.log("b49").exists()


def test_a_class_is_read_again(home: Path) -> None:
    made = Class(name="monday", lab="reference", stacks=("monday-01",))
    classes.write(made)
    assert classes.read("monday") == made
    assert json.loads((home / "home/classes/monday.json").read_text())["lab"] == "reference"
    classes.forget("monday")
    assert classes.read("monday") is None
