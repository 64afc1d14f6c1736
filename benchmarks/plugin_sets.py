"""`./lab bench up --plugins both`: the same lab on the official plugins and on isolab's own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from benchmarks import measured
from benchmarks.figures import Row, row
from machine.engine.plugins import Source

SETS: tuple[Source, Source] = ("official", "airgap")
Command = Callable[[str, Source], float]
"""Gets the name of a stack and of its lab file, and its set; tells seconds."""


def _lab(*words: str) -> Command:
    return lambda name, source: measured.seconds(*words, name, source=source)


def _refresh(name: str, source: Source) -> float:
    words = ("refresh", "--yes", "--skip-preview", "--stack", name)
    return measured.engine_seconds(*words, source=source)


STEPS: tuple[tuple[str, Command], ...] = (
    ("up, page answering", _lab("up")),
    ("up with nothing to change", _lab("up")),
    ("refresh", _refresh),
    ("up after the refresh", _lab("up")),
    ("change of a container's environment", _lab("up")),
    ("down", _lab("down", "--yes")),
)
CHANGED = "change of a container's environment"


def rows(like: str) -> Iterator[Row]:
    """Seconds of each step on the official plugins, beside isolab's own.

    Both labs stand at once, and alternate: each step runs on both, and which set is first changes
    from step to step.
    """
    with ExitStack() as labs:
        files = {s: labs.enter_context(measured.copy_of(like, f"bench-{s}")) for s in SETS}
        for number, (what, command) in enumerate(STEPS):
            took: dict[Source, float] = {}
            for source in SETS if number % 2 else reversed(SETS):
                if what == CHANGED:
                    measured.change(files[source])
                took[source] = command(files[source].stem, source)
            yield row(what, took["official"], "s", took["airgap"])
