"""The content of a guest's disks, copied out of libvirt's storage pool and back in.

By libvirt's own streams: they need no rights beyond those of every other command, and the volume
stays what the engine knows, by its name and its path.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from xml.etree import ElementTree as xml

from machine.steps import run


@dataclass(frozen=True, kw_only=True, slots=True)
class Volumes:
    """The volumes and domains of one libvirt."""

    uri: str

    def allocation(self, pool: str, name: str) -> int:
        """How many bytes a volume takes."""
        told = self._ask("vol-info", "--bytes", "--pool", pool, name)
        by_word = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
        return int(by_word["Allocation"].split()[0])

    def save(self, pool: str, name: str, file: Path) -> None:
        """Copy a volume's bytes into a file, without those that were never written."""
        self._ask("vol-download", "--sparse", "--pool", pool, name, str(file))

    def restore(self, pool: str, name: str, file: Path) -> None:
        """Replace a volume by another of its name, size and backing, with the bytes of the file.

        What a sparse copy leaves out has to be empty before: the volume is created again.
        """
        described = _empty(self._ask("vol-dumpxml", "--pool", pool, name))
        self._ask("vol-delete", "--pool", pool, name)
        with NamedTemporaryFile("w", suffix=".xml") as form:
            form.write(described)
            form.flush()
            self._ask("vol-create", pool, form.name)
        self._ask("vol-upload", "--sparse", "--pool", pool, name, str(file))

    @contextmanager
    def paused(self, domains: Sequence[str]) -> Iterator[None]:
        """Have the domains stand still together; those that ran go on in any case.

        QEMU writes out what it has of its disks before it stands still.
        """
        running = set(self._ask("list", "--name").split())
        with ExitStack() as stack:
            for domain in domains:
                if domain in running:
                    self._ask("suspend", domain)
                    stack.callback(self._ask, "resume", domain)
            yield

    def stop(self, domains: Sequence[str]) -> None:
        """Switch off those that run, at once: what they have not written yet is not wanted."""
        running = set(self._ask("list", "--name").split())
        for domain in domains:
            if domain in running:
                self._ask("destroy", domain)

    def start(self, domains: Sequence[str]) -> None:
        """Start them."""
        for domain in domains:
            self._ask("start", domain)

    def _ask(self, *words: str) -> str:
        return run(["virsh", "-qc", self.uri, *words])


def _empty(described: str) -> str:
    """A volume's description with nothing written yet."""
    volume = xml.fromstring(described)
    for taken in volume.iter("allocation"):
        taken.text = "0"
    return xml.tostring(volume, encoding="unicode")
