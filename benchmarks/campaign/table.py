"""The campaign as a whole: its faults one after the other, and their table."""

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.campaign import trial
from benchmarks.campaign.fault import Fault
from benchmarks.campaign.faults import FAULTS
from benchmarks.campaign.lab import STACK, Lab
from benchmarks.campaign.verdict import Observation, problems
from benchmarks.failover.scene import WentWrong
from isolab.cli.errors import BAD_INPUT, DONE, FAILED, Failure
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
    lab = Lab(folder=Path(os.environ[sandbox.MARK]) / "faults")
    rows: list[Row] = []
    wrong = ""
    try:
        for row in _rows(lab, faults, count, deadline):
            _say(line(row))
            rows.append(row)
        wrong = _removed(lab)
    except (trial.Broken, WentWrong, Unreachable, Failure) as broken:
        wrong = str(broken)
    not_run = [fault.name for fault in faults if fault.name not in {row.fault for row in rows}]
    if as_json:
        document = {
            "version": 1,
            "machine": machine,
            "rows": [asdict(row) for row in rows],
            "not_run": not_run,
            "end": wrong,
        }
        print(json.dumps(document, indent=1))
    else:
        print("\n".join((machine, *table(rows))))
        if not_run:
            print(f"not run: {', '.join(not_run)}")
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
        "had ended" if row.at is None else f"{row.at:.1f} s",
        ", ".join(map(str, row.codes)),
        f"{row.recovery:.0f} s",
        str(row.left),
        str(row.lost),
        "; ".join(row.problems) or "none",
    )
    return f"| {' | '.join(cells)} |"


def row_of(seen: Observation) -> Row:
    """What the table tells of an observation."""
    return Row(
        fault=seen.fault,
        what=seen.what,
        at=seen.at,
        codes=tuple(command.code for command in seen.commands),
        recovery=round(seen.recovery, 1),
        left=len(seen.left),
        lost=seen.lost,
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
        row = row_of(seen)
        if row.problems:
            _say(f"  {[(c.words, c.code, c.said[-1500:]) for c in seen.commands]}")
        yield row


def _removed(lab: Lab) -> str:
    """Take the lab down with its data; what is wrong with that."""
    done = lab.run("down", "--yes", STACK)
    return "" if done.code == 0 else f"down ended with {done.code}:\n{done.said}"


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
