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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from isolab.cli import bench_failover, bench_plan
from isolab.cli.errors import DONE, Failure
from isolab.cli.figures import Row, row
from machine import paths, plain_lab, sandbox, service_images, stack

NAME = "bench"
HELP = "measure isolab against a plain script, what a lab survives, or how plans grow"

SCRIPT = paths.REPO / "benchmarks" / "plain-lab.sh"
BENCH_STACK = "bench"
LABS = ("reference", "replicated")
"""What the script can build, too: guests with a data disk, a web service, balancers on the host."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("what", nargs="?", default="up", choices=["up", "failover", "plan"])
    parser.add_argument(
        "--only", metavar="FAULT", action="append", help="of failover: one fault; may be repeated"
    )
    parser.add_argument(
        "--lab", choices=LABS, default=LABS[0], help="of up: what to build (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--yes", action="store_true", help="agree to the set-up beforehand")


def run(arguments: argparse.Namespace) -> int:
    """Measure, in the sandbox, and print the rows."""
    only: list[str] = arguments.only or []
    if arguments.what == "plan":
        return _print(bench_plan.rows(), as_json=arguments.json)
    if not sandbox.inside():
        from machine import setup

        setup.prepare_shared(_say, yes=arguments.yes)
        words = [f"--lab={arguments.lab}", *(f"--only={fault}" for fault in only)]
        words += ["--json"] if arguments.json else []
        return sandbox.enter([NAME, arguments.what, *words])
    if arguments.what == "failover":
        return bench_failover.run(_machine(), only, as_json=arguments.json)
    return _print(_measure(arguments.lab), as_json=arguments.json)


def _machine() -> str:
    return f"{platform.system()} {platform.release()}, {os.cpu_count()} processors"


def _print(measured: Iterable[Row], *, as_json: bool) -> int:
    rows = list(measured)
    if as_json:
        print(json.dumps({"machine": _machine(), "rows": [asdict(one) for one in rows]}, indent=1))
        return DONE
    print(_machine())
    for one in rows:
        beside = f"plain {one.against:8.2f}   ratio {one.ratio:5.2f}" if one.ratio else ""
        print(f"{one.what:44}{one.value:9.2f} {one.unit:4} {beside}".rstrip())
    return DONE


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plain:
    """The lab by hand: the folder that the script reads."""

    folder: Path
    domains: tuple[str, ...]

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
    return _Plain(
        folder=folder,
        domains=tuple(guest.domain for guest in deployment.plan.guests),
    )


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


def _measure(like: str) -> Iterator[Row]:
    labs = paths.REPO / "stacks"
    lab = labs / f"{BENCH_STACK}.yaml"
    shutil.copy(labs / f"{like}.yaml", lab)
    try:
        yield from _measure_lab(lab)
    finally:
        lab.unlink()


def _measure_lab(lab: Path) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="isolab-bench-") as folder:
        plain = _plain(Path(folder))
        isolab_up = _seconds(lambda: _lab("up", BENCH_STACK))
        own = (domain.replace("plain", BENCH_STACK) for domain in plain.domains)
        memory = sum(map(_resident_memory, own))
        unchanged = _seconds(lambda: _lab("up", BENCH_STACK))
        preview = _seconds(lambda: _lab("preview", BENCH_STACK))
        text = lab.read_text()
        lab.write_text(text.replace("environment:", "environment:\n      BENCH: changed", 1))
        changed = _seconds(lambda: _lab("up", BENCH_STACK))
        down = _seconds(lambda: _lab("down", "--yes", BENCH_STACK))
        stages = plain.run("up") | plain.run("replace") | plain.run("down")
    yield row("up, page answering", isolab_up, "s", stages["up"])
    yield row("guests' start to docker info, plain", stages["guest"], "s")
    yield row("host memory of the guests", memory, "MiB")
    yield row("up with nothing to change", unchanged, "s")
    yield row("preview", preview, "s")
    yield row("change of a container's environment", changed, "s", stages["replace"])
    yield row("down", down, "s", stages["down"])
