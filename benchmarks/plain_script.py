"""`./lab bench up`: isolab beside a plain script that builds the same lab."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measured, plain_lab
from benchmarks.figures import Row, row
from isolab.cli.errors import Failure
from machine import paths, stack
from machine.images import service_images

SCRIPT = paths.REPO / "benchmarks" / "plain-lab.sh"
LABS = ("reference", "replicated")
"""What the script can build, too: guests with a data disk, a web service, balancers on the host."""
STACK = "bench"


def rows(like: str) -> Iterator[Row]:
    """Seconds and memory of both."""
    with measured.copy_of(like, STACK) as lab, _plain() as plain:
        isolab_up = measured.seconds("up", STACK)
        own = (domain.replace("plain", STACK) for domain in plain.domains)
        memory = sum(map(_resident_memory, own))
        unchanged = measured.seconds("up", STACK)
        preview = measured.seconds("preview", STACK)
        measured.change(lab)
        changed = measured.seconds("up", STACK)
        down = measured.seconds("down", "--yes", STACK)
        stages = plain.run("up") | plain.run("replace") | plain.run("down")
    yield row("up, page answering", isolab_up, "s", stages["up"])
    yield row("guests' start to docker info, plain", stages["guest"], "s")
    yield row("host memory of the guests", memory, "MiB")
    yield row("up with nothing to change", unchanged, "s")
    yield row("preview", preview, "s")
    yield row("change of a container's environment", changed, "s", stages["replace"])
    yield row("down", down, "s", stages["down"])


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


@contextmanager
def _plain() -> Iterator[_Plain]:
    with tempfile.TemporaryDirectory(prefix="isolab-bench-") as folder:
        deployment = stack.plan("plain", STACK, None)
        plain_lab.write(
            Path(folder),
            deployment.plan,
            deployment.image,
            seed=os.urandom(32).hex(),
            registry=service_images.registry_files(),
        )
        domains = tuple(guest.domain for guest in deployment.plan.guests)
        yield _Plain(folder=Path(folder), domains=domains)


def _resident_memory(domain: str) -> float:
    """MiB of host memory that the guest's QEMU holds."""
    process = Path(f"/run/libvirt/qemu/{domain}.pid").read_text().strip()
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
