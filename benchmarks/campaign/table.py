"""The campaign as a whole: its faults one after the other, and their table."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.campaign import soaking, trial
from benchmarks.campaign.fault import Fault
from benchmarks.campaign.faults import FAULTS
from benchmarks.campaign.lab import STACK, Lab
from benchmarks.campaign.verdict import Observation, problems
from benchmarks.failover.scene import WentWrong
from isolab.cli.errors import BAD_INPUT, DONE, FAILED, Failure
from isolab.cli.output import document
from isolab.transport import Unreachable
from machine import sandbox

COUNT = 3
"""Points at which a fault happens that is spread over a command."""
MINUTES = 60.0
"""After which no further fault begins."""
HEADER = ("fault", "after", "exit code", "up again", "left over", "lost", "problems")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One fault at one point, as the table and the JSON document tell it."""

    fault: str
    what: str
    at: float | None
    """Seconds after the command's start; None where it had ended before."""
    codes: tuple[int, ...]
    """Exit codes of the command, and of the one beside it."""
    recovery: float
    """Seconds of the commands that brought the lab back."""
    left: int
    lost: int
    problems: tuple[str, ...]


def run(machine: str, only: Sequence[str], count: int, minutes: float, *, as_json: bool) -> int:
    """Let everything happen, print the table; 0 where the lab came through all of it.

    Args:
        machine: What it runs on, for the table.
        only: Names of faults; all where there are none.
        count: Points over a command at which a fault happens that is spread.
        minutes: After these no further fault begins.
        as_json: A document instead of a table.
    """
    faults = chosen(only)
    deadline = time.monotonic() + minutes * 60
    names = [fault.name for fault in faults]
    return _run(machine, names, lambda lab: _rows(lab, faults, count, deadline), as_json=as_json)


def soak(machine: str, cycles: int, minutes: float, *, as_json: bool) -> int:
    """Bring the lab up, change it and take it down, so many times; print a row a cycle.

    Args:
        machine: What it runs on, for the table.
        cycles: How many.
        minutes: After these no further one begins.
        as_json: A document instead of a table.
    """
    deadline = time.monotonic() + minutes * 60
    names = [soaking.name(number) for number in range(cycles)]
    return _run(machine, names, lambda lab: _cycles(lab, cycles, deadline), as_json=as_json)


def _run(
    machine: str, names: Sequence[str], begin: Callable[[Lab], Iterator[Row]], *, as_json: bool
) -> int:
    lab = Lab(folder=Path(os.environ[sandbox.MARK]) / "faults")
    rows: list[Row] = []
    wrong = ""
    try:
        for row in begin(lab):
            _say(line(row))
            rows.append(row)
        wrong = _removed(lab)
    except (trial.Broken, WentWrong, Unreachable, Failure) as broken:
        wrong = str(broken)
    seen = {row.fault for row in rows}
    missing = [name for name in names if name not in seen]
    if as_json:
        content = {
            "machine": machine,
            "rows": [asdict(row) for row in rows],
            "not_run": missing,
            "end": wrong,
        }
        print(document.text(content))
    else:
        print("\n".join((machine, *table(rows))))
        if missing:
            print(f"not run: {', '.join(missing)}")
        if wrong:
            print(f"ended early: {wrong}")
    return FAILED if wrong or any(row.problems for row in rows) else DONE


def table(rows: Sequence[Row]) -> list[str]:
    """A line a fault, as it stands in docs/reliability.md."""
    lines = [HEADER, ("---",) * len(HEADER)]
    return [*(f"| {' | '.join(cells)} |" for cells in lines), *map(line, rows)]


def line(row: Row) -> str:
    """A row of the table."""
    cells = (
        row.what,
        _moment(row),
        ", ".join(map(str, row.codes)),
        f"{row.recovery:.0f} s",
        str(row.left),
        str(row.lost),
        "; ".join(row.problems) or "none",
    )
    return f"| {' | '.join(cells)} |"


def _moment(row: Row) -> str:
    if row.at is not None:
        return f"{row.at:.1f} s"
    return "had ended" if row.codes else ""


def row_of(seen: Observation) -> Row:
    """What the table tells of an observation."""
    return Row(
        fault=seen.fault,
        what=seen.what,
        at=seen.at,
        codes=tuple(command.code for command in seen.commands),
        recovery=round(seen.outcome.seconds, 1),
        left=len(seen.outcome.left),
        lost=seen.outcome.lost,
        problems=problems(seen),
    )


def chosen(only: Sequence[str]) -> tuple[Fault, ...]:
    """The faults of these names; all where there are none."""
    names = [fault.name for fault in FAULTS]
    for name in only:
        if name not in names:
            raise Failure(BAD_INPUT, f"there is no fault {name!r}", f"it is {', '.join(names)}")
    return tuple(fault for fault in FAULTS if not only or fault.name in only)


def _rows(lab: Lab, faults: Sequence[Fault], count: int, deadline: float) -> Iterator[Row]:
    lab.prepare()
    references = trial.References()
    references.absent = lab.things()
    for fault, point in trial.order(faults, count):
        if time.monotonic() > deadline:
            return
        if fault.begins != "absent" and not references.standing:
            _say("the lab without a fault …")
            trial.first_up(lab, references)
        if fault.needs_boot and not references.retained:
            trial.down(lab, references)
            trial.up_again(lab)
        if fault.begins == "retained":
            trial.down(lab, references)
        at = trial.moments(fault, count, references.of(fault))[point]
        _say(f"{fault.name} after {at:.1f} s …")
        seen = trial.hold(lab, fault, at, references)
        _tell_problems(seen)
        yield row_of(seen)


def _cycles(lab: Lab, cycles: int, deadline: float) -> Iterator[Row]:
    lab.prepare()
    references = trial.References(absent=lab.things())
    for number in range(cycles):
        if time.monotonic() > deadline:
            return
        seen = soaking.cycle(lab, number, references)
        _tell_problems(seen)
        yield row_of(seen)


def _removed(lab: Lab) -> str:
    """Take the lab down with its data; what is wrong with that."""
    done = lab.run("down", "--yes", STACK)
    return "" if done.code == 0 else f"down ended with {done.code}:\n{done.said}"


def _tell_problems(seen: Observation) -> None:
    """What the commands printed, where something is wrong."""
    if problems(seen):
        for command in (*seen.commands, *seen.outcome.converging):
            _say(f"  {command.words} ended with {command.code}:\n{command.said[-3000:]}")


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
