"""`./lab bench`: what isolab costs beside doing the same by hand, measured in one run."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from isolab.cli import bench_failover
from isolab.cli.errors import Failure
from machine import paths, plain_lab, sandbox, service_images, stack

NAME = "bench"
HELP = "measure isolab against a plain script that builds the same lab, or what a lab survives"

SCRIPT = paths.REPO / "benchmarks" / "plain-lab.sh"
BENCH_STACK = "bench"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One figure, beside what it is compared with."""

    what: str
    value: float
    unit: str
    against: float | None
    """The plain script's figure, where it does the same."""
    ratio: float | None


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("what", nargs="?", default="up", choices=["up", "failover"])
    parser.add_argument(
        "--only", metavar="FAULT", action="append", help="of failover: one fault; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--yes", action="store_true", help="agree to the set-up beforehand")


def run(arguments: argparse.Namespace) -> int:
    """Measure, in the sandbox, and print the rows."""
    only: list[str] = arguments.only or []
    if not sandbox.inside():
        from machine import setup

        setup.prepare_shared(_say, yes=arguments.yes)
        words = [f"--only={fault}" for fault in only] + (["--json"] if arguments.json else [])
        return sandbox.enter([NAME, arguments.what, *words])
    machine = f"{platform.system()} {platform.release()}, {os.cpu_count()} processors"
    if arguments.what == "failover":
        return bench_failover.run(machine, only, as_json=arguments.json)
    rows = list(_measure())
    if arguments.json:
        print(json.dumps({"machine": machine, "rows": [asdict(row) for row in rows]}, indent=1))
        return 0
    print(machine)
    for row in rows:
        beside = f"plain {row.against:8.2f}   ratio {row.ratio:5.2f}" if row.ratio else ""
        print(f"{row.what:44}{row.value:9.2f} {row.unit:4} {beside}".rstrip())
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plain:
    """The lab by hand: the folder that the script reads."""

    folder: Path
    domain: str

    def run(self, command: str) -> dict[str, float]:
        """Run the script; its stages in seconds."""
        done = subprocess.run(
            [SCRIPT, command, self.folder], stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            raise Failure(1, f"{SCRIPT.name} {command} failed", f"see {self.folder}/log")
        return {stage: float(s) for stage, s in map(str.split, done.stdout.splitlines())}


def _plain(folder: Path) -> _Plain:
    deployment = stack.plan("plain", BENCH_STACK, None)
    plain_lab.write(
        folder,
        deployment.plan,
        deployment.image,
        seed=os.urandom(32).hex(),
        registry=service_images.registry_files(),
    )
    return _Plain(folder=folder, domain=deployment.plan.guests[0].domain)


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


def _lab(*words: str) -> None:
    done = subprocess.run([paths.REPO / "lab", *words], stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise Failure(1, f"./lab {' '.join(words)} failed", "its messages stand above")


def _seconds(act: Callable[[], None]) -> float:
    begin = time.monotonic()
    act()
    return time.monotonic() - begin


def _resident_memory(domain: str) -> float:
    """MiB of host memory that the guest's QEMU holds."""
    process = Path(f"/run/libvirt/qemu/{domain}.pid").read_text().strip()
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _row(what: str, value: float, unit: str, plain: float | None = None) -> Row:
    return Row(
        what=what,
        value=round(value, 2),
        unit=unit,
        against=plain,
        ratio=plain and round(value / plain, 2),
    )


def _measure() -> Iterator[Row]:
    labs = paths.REPO / "stacks"
    lab = labs / f"{BENCH_STACK}.yaml"
    shutil.copy(labs / "reference.yaml", lab)
    try:
        yield from _measure_lab(lab)
    finally:
        lab.unlink()


def _measure_lab(lab: Path) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="isolab-bench-") as folder:
        plain = _plain(Path(folder))
        isolab_up = _seconds(lambda: _lab("up", BENCH_STACK))
        memory = _resident_memory(plain.domain.replace("plain", BENCH_STACK))
        unchanged = _seconds(lambda: _lab("up", BENCH_STACK))
        preview = _seconds(lambda: _lab("preview", BENCH_STACK))
        text = lab.read_text()
        lab.write_text(text.replace("environment:", "environment:\n      BENCH: changed", 1))
        changed = _seconds(lambda: _lab("up", BENCH_STACK))
        down = _seconds(lambda: _lab("down", BENCH_STACK))
        stages = plain.run("up") | plain.run("replace") | plain.run("down")
    yield _row("up, page answering", isolab_up, "s", stages["up"])
    yield _row("guest start to docker info, plain", stages["guest"], "s")
    yield _row("host memory of the guest", memory, "MiB")
    yield _row("up with nothing to change", unchanged, "s")
    yield _row("preview", preview, "s")
    yield _row("change of a container's environment", changed, "s", stages["replace"])
    yield _row("down", down, "s", stages["down"])
