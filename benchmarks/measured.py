"""What benchmarks of `./lab up` share: a lab file of their own, and the time of a command on it."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isolab.cli.errors import Failure
from machine import paths
from machine.engine import environment
from machine.engine.plugins import Source


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
