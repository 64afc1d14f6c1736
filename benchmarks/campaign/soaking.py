"""A lab that comes, is changed and goes, again and again, without any fault."""

from dataclasses import replace

from benchmarks.campaign import trial
from benchmarks.campaign.fault import REMOVE, STATUS, UP
from benchmarks.campaign.lab import Lab
from benchmarks.campaign.verdict import Observation


def name(number: int) -> str:
    """What a cycle is called."""
    return f"cycle-{number + 1}"


def cycle(lab: Lab, number: int, references: trial.References) -> Observation:
    """Up, a write, a change, up, down; each command once, and nothing is left behind them.

    Raises:
        trial.Broken: A command failed.
    """
    commands = [trial.done(lab.run(*UP))]
    lab.written.clear()
    lab.write()
    lab.change()
    commands += [trial.done(lab.run(*words)) for words in (UP, STATUS)]
    found = lab.read()
    commands.append(trial.done(lab.run(*REMOVE)))
    outcome = trial.gone(tuple(commands), lab, references)
    return Observation(
        fault=name(number),
        what=f"cycle {number + 1}: up, a change, down",
        at=None,
        commands=(),
        refused=False,
        outcome=replace(outcome, written=frozenset(lab.written), found=found),
    )
