"""`./lab bench plan`: how long the plan of a large lab takes, beside only reading its YAML."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Row, row
from isolab.cli.errors import Failure
from machine import paths

GUESTS = 200
SHAPES = ((40, 100), (400, 10), (4000, 1))
"""Services and replicas of each: 4,000 containers."""
READING = "import sys, yaml; yaml.safe_load(open(sys.argv[1]))"


def rows() -> Iterator[Row]:
    """Seconds and memory of `./lab validate` for each shape."""
    for services, replicas in SHAPES:
        with tempfile.TemporaryDirectory(prefix="isolab-bench-") as folder:
            file = Path(folder) / "large.yaml"
            file.write_text(_lab(services, replicas))
            plain, _ = _run(sys.executable, "-c", READING, file)
            seconds, memory = _run(paths.REPO / "lab", "validate", file)
        what = f"plan of {services} services × {replicas}"
        yield row(what, seconds, "s", plain)
        yield row(f"{what}, memory", memory, "MiB")


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


def _run(*command: str | Path) -> tuple[float, float]:
    """A command's seconds, and the most MiB of memory that it had."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = process.stdout.read().decode() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failure(1, f"{' '.join(map(str, command))} failed", said)
    return time.monotonic() - begin, used.ru_maxrss / 1024
