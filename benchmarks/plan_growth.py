"""`./lab bench plan`: what the plan of a large lab costs, beside only reading its YAML."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import builds, cost, measured
from benchmarks.builds import Build
from benchmarks.cost import Cost
from benchmarks.figures import Row

GUESTS = 200
SHAPES = ((40, 100), (400, 10), (4000, 1))
"""Services and replicas of each: 4,000 containers."""
READING = "import sys, yaml; yaml.safe_load(open(sys.argv[1]))"


def rows(rounds: int, against: str | None) -> Iterator[Row]:
    """What `./lab validate` costs for each shape, beside reading or beside another build."""
    with (
        builds.compared(against) as found,
        tempfile.TemporaryDirectory(prefix="isolab-bench-") as folder,
    ):
        file = Path(folder) / "large.yaml"
        for services, replicas in SHAPES:
            file.write_text(_lab(services, replicas))
            runs = measured.alternately(rounds, found, lambda build: _validate(build, file))
            if against is None:
                runs += measured.alternately(rounds, found, lambda build: _read(build, file))
            what = f"plan of {services} services × {replicas}"
            yield measured.row_of(what, "s", [[run.processor for run in each] for each in runs])
            compared = runs if against else runs[:1]
            memory = [[run.memory for run in each] for each in compared]
            yield measured.row_of(f"{what}, memory", "MiB", memory)


def _read(build: Build, file: Path) -> Cost:
    return cost.of([sys.executable, "-c", READING, file], os.environ, build.folder)


def _validate(build: Build, file: Path) -> Cost:
    return cost.of(build.command("validate", file), build.variables(os.environ), build.folder)


def _lab(services: int, replicas: int) -> str:
    """Four services share a network each; every one answers on a port of its own."""
    lines = [f"guests: {{app: {{count: {GUESTS}, memory: 8GiB, vcpus: 4}}}}"]
    lines += ["network: {cidr: 10.80.0.0/23}", "services:"]
    for number in range(services):
        lines += [
            f"  s{number}:",
            "    image: isolab/python:1",
            f"    expose: [{8000 + number}]",
            "    mem_limit: 16M",
            f"    networks: [n{number // 4}]",
            f"    deploy: {{replicas: {replicas}}}",
        ]
    lines += ["networks:", *(f"  n{number}: {{}}" for number in range(-(-services // 4)))]
    return "\n".join(lines) + "\n"
