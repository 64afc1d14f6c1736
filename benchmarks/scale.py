"""`./lab bench scale`: what a preview costs as labs grow, and a lab that stands, on no machine.

The labs have an image, a registry and guests that nobody made; those that stand were brought up by
plugins whose resources come to exist at once (benchmarks/simulated.py). What is measured is what
isolab's program, the engine and the plugins do, and the state that they write.
"""

import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import builds, cost, measured
from benchmarks.builds import Build
from benchmarks.cost import Cost
from benchmarks.figures import Row
from isolab.cli.errors import UNABLE, Failure
from machine import paths
from machine.engine import pulumi_cli

GUESTS = (5, 10, 20, 40, 80)
SERVICES = 10
"""On each guest: a lab has a replica of each service for each guest."""
STACK = "bench-scale"
IMAGES = ("base", "registry", "python", "guestbook", "mariadb", "haproxy")
MANIFEST = {
    "digest": "a" * 64,
    "virtual_size": 1280,
    "prepared": True,
    "direct": True,
    "arguments": ["root=/dev/vda", "ro"],
}
"""Of the image of guests, which nobody built."""
SIMULATED = paths.REPO / "benchmarks" / "simulated.py"
_PREPARE = """
import sys

from machine import paths

try:
    from machine.engine import plugins
    from machine.images import guest_image
except ImportError:  # where the modules of machine lay side by side
    from machine import guest_image, plugins
plugins.step().act(print)
image = paths.cache() / "guest" / guest_image.recipe_digest()
image.mkdir(parents=True, exist_ok=True)
(image / "manifest.json").write_text(sys.argv[1])
"""
"""Run by a build: its plugins, and what says that there is the image that it would build."""
_ENGINE = """
import sys
from machine.deployment.control import StackControl
from machine.deployment.engine import Outcome

command, stack = sys.argv[1:]
control, outcome = StackControl(stack), Outcome()
control.ensure(stack, choose_cidr=True)
for _ in getattr(control, command)(outcome):
    pass
print(outcome.output)
sys.exit(outcome.code != 0)
"""


def rows(guests: Sequence[int], rounds: int, against: str | None) -> Iterator[Row]:
    """Of labs with so many guests, on this build and on another one beside it."""
    with (
        builds.compared(against) as found,
        tempfile.TemporaryDirectory(prefix="isolab-bench-") as folder,
    ):
        _prepare(Path(folder) / "cache")
        benches = [_Bench.of(build, Path(folder)) for build in found]
        for count in guests:
            what = f"{count * SERVICES} containers on {count} guests"
            yield from _rows(what, benches, count, rounds)


def _rows(what: str, benches: "list[_Bench]", count: int, rounds: int) -> Iterator[Row]:
    found = measured.alternately(rounds, benches, lambda bench: bench.first_preview(count))
    yield from _costs(f"first preview of {what}", found)
    stood = measured.alternately(rounds, benches, lambda bench: bench.standing(count))
    yield from _costs(f"preview of a standing lab, {what}", _each(stood, "preview"))
    yield from _costs(f"the engine's up with nothing to change, {what}", _each(stood, "unchanged"))
    sizes = [[run.state for run in runs] for runs in stood]
    yield measured.row_of(f"state of {what}", "KiB", sizes)


def _each(stood: "list[list[Stood]]", name: str) -> list[list[Cost]]:
    return [[getattr(run, name) for run in runs] for runs in stood]


def _costs(what: str, found: list[list[Cost]]) -> Iterator[Row]:
    units = {"processor": "s", "seconds": "s", "memory": "MiB"}
    words = {"processor": "processor time", "seconds": "elapsed", "memory": "memory"}
    for name, unit in units.items():
        figures = [[getattr(run, name) for run in runs] for runs in found]
        yield measured.row_of(f"{what}: {words[name]}", unit, figures)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stood:
    """What a lab costs that stands as its file says."""

    preview: Cost
    unchanged: Cost
    state: float
    """KiB of the state's file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bench:
    """A build with a home of its own."""

    build: Build
    home: Path
    variables: dict[str, str]

    @classmethod
    def of(cls, build: Build, folder: Path) -> "_Bench":
        """With the airgap plugins, which stand anywhere."""
        home = folder / build.folder.name / build.name.replace(" ", "-")
        home.mkdir(parents=True)
        variables = build.variables(os.environ) | {
            "ISOLAB_HOME": str(home),
            "ISOLAB_CACHE": str(folder / "cache"),
            "ISOLAB_PLUGINS": "airgap",
            "PULUMI_BACKEND_URL": (home / "state").as_uri(),
        }
        bench = cls(build=build, home=home, variables=variables)
        (home / "state").mkdir()
        bench._run(sys.executable, "-c", _PREPARE, json.dumps(MANIFEST))
        return bench

    def first_preview(self, count: int) -> Cost:
        """Of a stack that was never up; the command itself would ask for the guests' memory."""
        with self._lab(count):
            return self._engine("preview")

    def standing(self, count: int) -> Stood:
        """The engine's preview and up of a lab that stands as its file says."""
        with self._lab(count):
            with self._simulated():
                self._engine("up")
            preview, unchanged = self._engine("preview"), self._engine("up")
            state = self.home / f"state/.pulumi/stacks/isolab/{STACK}.json"
            return Stood(preview=preview, unchanged=unchanged, state=state.stat().st_size / 1024)

    def _engine(self, command: str) -> Cost:
        return self._run(sys.executable, "-c", _ENGINE, command, STACK)

    def _run(self, *command: str) -> Cost:
        return cost.of(command, self.variables, self.build.folder)

    @contextmanager
    def _lab(self, count: int) -> Iterator[None]:
        """A lab file in the build's folder; it, the stack and its state are gone at the end."""
        file = self.build.folder / "stacks" / f"{STACK}.yaml"
        file.write_text(lab(count))
        try:
            yield
        finally:
            file.unlink()
            file.with_name(f"Pulumi.{STACK}.yaml").unlink(missing_ok=True)
            shutil.rmtree(self.home / "state")
            (self.home / "state").mkdir()

    @contextmanager
    def _simulated(self) -> Iterator[None]:
        """The build's plugins with resources that come to exist at once."""
        real = {file: file.read_text() for file in self.home.rglob("pulumi-resource-*")}
        for file in real:
            name = file.name.removeprefix("pulumi-resource-")
            words = [sys.executable, str(SIMULATED), str(self.build.folder), name]
            file.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        try:
            yield
        finally:
            for file, text in real.items():
                file.write_text(text)


def lab(count: int) -> str:
    """So many guests with ten services each: four share a network, every second one waits."""
    lines = [
        f"guests: {{app: {{count: {count}, memory: 1GiB, vcpus: 1, data: 1GiB}}}}",
        "network: {cidr: 10.80.0.0/23}",
        "services:",
    ]
    for number in range(SERVICES):
        lines += [
            f"  s{number}:",
            "    image: isolab/guestbook:1",
            f"    environment: {{NUMBER: '{number}'}}",
            f"    expose: [{8000 + number}]",
            "    mem_limit: 32M",
            "    healthcheck: {test: [CMD, 'true'], interval: 5s}",
            f"    networks: [n{number // 4}]",
            f"    deploy: {{replicas: {count}}}",
        ]
        if number % 2:
            lines.append(f"    depends_on: {{s{number - 1}: {{condition: service_healthy}}}}")
    lines += ["networks:", *(f"  n{number}: {{}}" for number in range(-(-SERVICES // 4)))]
    return "\n".join(lines) + "\n"


def _prepare(cache: Path) -> None:
    """What a plan is made from: images of services that nobody built."""
    if pulumi_cli.executable() is None:
        raise Failure(UNABLE, "the engine is not on this machine yet", "./lab up installs it")
    services = cache / "services"
    services.mkdir(parents=True)
    (cache / "engine").symlink_to(paths.cache() / "engine")
    known = paths.cache() / "kvm.json"
    if known.exists():
        shutil.copy(known, cache)
    digest = f"sha256:{'b' * 64}"
    built = {"source": "c" * 64, "digest": digest, "id": digest}
    catalog = {f"isolab/{name}:1": built for name in IMAGES}
    (services / "catalog.json").write_text(json.dumps(catalog))
