"""`./lab bench failover`: what the replicated lab survives, and at what price."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from benchmarks.failover.faults import FAULTS, Fault
from benchmarks.failover.scene import Scene, WentWrong
from benchmarks.failover.trial import Result, hold
from isolab.cli.context import deployed
from isolab.cli.errors import BAD_INPUT, DONE, FAILED, Failure
from isolab.cli.output import document
from isolab.transport import Unreachable
from machine import paths

LAB = "replicated"
HEADER = ("fault", "sent", "failed", "longest gap", "acknowledged", "lost", "recovered after")


def run(machine: str, only: Sequence[str], *, as_json: bool) -> int:
    """Bring the lab up, let everything happen to it one after the other, print the table."""
    faults = _chosen(only)
    subprocess.run([paths.REPO / "lab", "up", LAB, "--yes"], stdout=sys.stderr, check=True)
    scene = Scene(plan=deployed.required(LAB))
    results = list(_results(scene, faults))
    if as_json:
        rows = [asdict(result) for result in results]
        print(document.text({"machine": machine, "rows": rows}))
    else:
        print(machine)
        print(table(results))
    whole = len(results) == len(faults)
    return DONE if whole and not any(result.lost for result in results) else FAILED


def table(results: Sequence[Result]) -> str:
    """A line a fault, as it stands in docs/availability.md."""
    lines = [HEADER, ("---",) * len(HEADER)]
    lines += [
        (
            result.what,
            str(result.sent),
            str(result.failed),
            f"{result.longest_gap:.1f} s",
            str(result.acknowledged),
            str(result.lost),
            f"{result.whole_after:.0f} s",
        )
        for result in results
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _results(scene: Scene, faults: Sequence[Fault]) -> Iterator[Result]:
    """Until one goes wrong: what comes behind would be measured on a broken lab."""
    for fault in faults:
        print(f"  {fault.what} …", file=sys.stderr, flush=True)
        try:
            result = hold(scene, fault)
        except (WentWrong, Unreachable) as error:
            print(f"  {fault.name}: {error}", file=sys.stderr, flush=True)
            return
        print(f"  {result}", file=sys.stderr, flush=True)
        yield result


def _chosen(only: Sequence[str]) -> tuple[Fault, ...]:
    names = [fault.name for fault in FAULTS]
    for name in only:
        if name not in names:
            raise Failure(BAD_INPUT, f"there is no fault {name!r}", f"it is {', '.join(names)}")
    return tuple(fault for fault in FAULTS if not only or fault.name in only)
