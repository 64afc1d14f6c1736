"""The libvirt program of the records, on the engine and this machine's libvirtd."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import harness
import pytest

libvirt = pytest.importorskip("libvirt")
URI = "qemu:///system"
PROGRAM = Path(__file__).with_name("libvirt_program.py").read_text()
PLACE = {
    "pool": "fid-pool",
    "base": "fid-base",
    "root": "fid-root",
    "data": "fid-data",
    "net": "fid-net",
    "bridge": "virbr77",
    "cidr": "10.77.1.0/24",
    "domain": "fid.lan",
    "hostname": "a.fid.lan",
    "address": "10.77.1.11",
    "seed": "fid-seed.iso",
    "dom": "fid-a",
    "mac": "52:54:00:77:00:11",
}


def answers() -> bool:
    """Whether there is a libvirtd and an engine."""
    try:
        libvirt.open(URI).close()
    except libvirt.libvirtError:
        return False
    return harness.engine() is not None


needed = pytest.mark.skipif(not answers(), reason="needs libvirtd and a Pulumi CLI")


def new_bench(folder: Path, uri: str = URI) -> harness.Bench:
    """The program in a folder, not yet run."""
    image = folder / "base.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "1G"], check=True)
    bench = harness.Bench(folder / "bench", PROGRAM, ["libvirt"])
    bench.place({**PLACE, "uri": uri, "path": str(folder / "pool"), "source": str(image)})
    return bench


def what_there_is(uri: str = URI) -> list[str]:
    """Everything of the program that libvirt knows."""
    connection = libvirt.open(uri)
    things = [
        *connection.listAllDomains(),
        *connection.listAllNetworks(),
        *connection.listAllStoragePools(),
    ]
    names = sorted(each.name() for each in things if each.name().startswith("fid-"))
    connection.close()
    return names


@contextmanager
def up(uri: str = URI) -> Iterator[harness.Bench]:
    """The program, up; at the end it has to leave nothing."""
    # Not below pytest's own folder: QEMU, no root, has to reach the disks.
    folder = Path(tempfile.mkdtemp(prefix="isolab-libvirt-"))
    folder.chmod(0o755)
    made = new_bench(folder, uri)
    try:
        made.up()
        yield made
    finally:
        made.scenario({})
        made.destroy()
    assert what_there_is() == []
    assert not (folder / "pool").exists()
    shutil.rmtree(folder)
