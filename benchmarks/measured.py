"""What benchmarks share: a lab file of their own, the time of a command, runs in alternation."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TypeVar

from benchmarks.figures import Row, row
from isolab.cli.errors import Failure
from machine import paths
from machine.engine import environment
from machine.engine.plugins import Source

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def copy_of(lab: str, name: str) -> Iterator[Path]:
    """A lab file of that name in stacks/, like another; gone at the end."""
    labs = paths.REPO / "stacks"
    file = labs / f"{name}.yaml"
    shutil.copy(labs / f"{lab}.yaml", file)
    try:
        yield file
    finally:
        file.unlink()


def change(lab: Path) -> None:
    """Give a service of the lab another environment."""
    text = lab.read_text()
    lab.write_text(text.replace("environment:", "environment:\n      BENCH: changed", 1))


def seconds(*words: str, source: Source | None = None) -> float:
    """What `./lab WORDS` takes, on one set of plugins or on that in use."""
    chosen = {"ISOLAB_PLUGINS": source} if source else {}
    return _seconds([str(paths.REPO / "lab"), *words], {**os.environ, **chosen})


def engine_seconds(*words: str, source: Source) -> float:
    """What `pulumi WORDS` takes, on one set of plugins."""
    variables = environment.variables(os.environ, source=source, login=None)
    return _seconds(["pulumi", "--non-interactive", *words], {**os.environ, **variables})


def alternately(rounds: int, what: Sequence[T], run: Callable[[T], R]) -> list[list[R]]:
    """The results of each, run alternately: what else the machine does meets all of them."""
    results: list[list[R]] = [[] for _ in what]
    for number in range(rounds):
        order = list(enumerate(what))
        for index, each in reversed(order) if number % 2 else order:
            results[index].append(run(each))
    return results


def row_of(what: str, unit: str, figures: Sequence[Sequence[float]]) -> Row:
    """The median of the first's figures beside that of the second's, where there is one."""
    own, *others = figures
    against = median(others[0]) if others else None
    return row(what, median(own), unit, against, spreads=tuple(max(f) - min(f) for f in figures))


def _seconds(command: list[str], variables: dict[str, str]) -> float:
    begin = time.monotonic()
    # The search goes by the PATH of the variables: the set's own CLI stands there.
    done = subprocess.run(
        ["env", *command],
        env=variables,
        cwd=paths.REPO,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise Failure(1, f"{' '.join(command)} failed", "its messages stand above")
    return time.monotonic() - begin
