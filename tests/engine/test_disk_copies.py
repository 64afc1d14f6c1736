"""A guest's disks, copied out of a real libvirtd's pool and back in."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import libvirt_bench
import pytest

from machine.deployment.volumes import Volumes

pytestmark = libvirt_bench.needed

POOL, DOMAIN = "copies-pool", "copies"
DOMAIN_XML = """
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='{disk}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
  </devices>
</domain>
"""


def virsh(*words: str) -> str:
    return run("virsh", "-qc", libvirt_bench.URI, *words).strip()


def run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def root() -> Iterator[Path]:
    """A root disk over a base image, in a pool of its own; both have something written."""
    # Where QEMU's account gets in.
    place = Path(tempfile.mkdtemp(dir="/var/lib/libvirt"))
    place.chmod(0o711)
    virsh("pool-create-as", POOL, "dir", "--target", str(place))
    virsh("vol-create-as", POOL, "base", "64M", "--format", "qcow2")
    write(place / "base", "11", 0)
    virsh(
        *("vol-create-as", POOL, "root", "128M", "--format", "qcow2"),
        *("--backing-vol", "base", "--backing-vol-format", "qcow2"),
    )
    yield place / "root"
    for volume in ("root", "base"):
        virsh("vol-delete", "--pool", POOL, volume)
    virsh("pool-destroy", POOL)
    place.rmdir()


def write(disk: Path, byte: str, mebibyte: int) -> None:
    """Fill the mebibyte at this place with a byte."""
    run("qemu-io", "-c", f"write -P 0x{byte} {mebibyte}M 1M", str(disk))


def holds(disk: Path, byte: str, mebibyte: int) -> bool:
    """Whether the mebibyte at this place is of this byte."""
    told = run("qemu-io", "-c", f"read -P 0x{byte} {mebibyte}M 1M", str(disk))
    return "failed" not in told


@pytest.fixture
def domain(root: Path) -> Iterator[Path]:
    """A domain with that disk and nothing to boot."""
    form = root.parent / "domain.xml"
    form.write_text(DOMAIN_XML.format(name=DOMAIN, disk=root))
    virsh("define", str(form))
    form.unlink()
    try:
        virsh("start", DOMAIN)
        yield root
    finally:
        if virsh("domstate", DOMAIN) != "shut off":
            virsh("destroy", DOMAIN)
        virsh("undefine", DOMAIN)


def test_a_disk_comes_back_as_it_was_saved(root: Path, tmp_path: Path) -> None:
    volumes, copy = Volumes(uri=libvirt_bench.URI), tmp_path / "copy"
    write(root, "22", 1)
    before = virsh("vol-dumpxml", "--pool", POOL, "root")
    volumes.save(POOL, "root", copy)
    write(root, "33", 1)
    write(root, "44", 100)
    volumes.restore(POOL, "root", copy)
    assert holds(root, "11", 0), "what the base image holds"
    assert holds(root, "22", 1), "what was saved"
    assert holds(root, "00", 100), "what was written since is gone"
    run("qemu-img", "check", "-q", str(root))
    after = virsh("vol-dumpxml", "--pool", POOL, "root")
    for line in before.splitlines():
        if "time>" not in line and "allocation" not in line and "physical" not in line:
            assert line in after


def test_a_copy_leaves_out_what_was_never_written(root: Path, tmp_path: Path) -> None:
    volumes, copy = Volumes(uri=libvirt_bench.URI), tmp_path / "copy"
    write(root, "22", 1)
    volumes.save(POOL, "root", copy)
    assert copy.stat().st_blocks * 512 < 4 * 2**20
    assert volumes.allocation(POOL, "root") < 4 * 2**20


def test_guests_stand_still_while_they_are_saved_and_then_go_on(domain: Path) -> None:
    volumes = Volumes(uri=libvirt_bench.URI)
    with volumes.paused([DOMAIN]):
        assert virsh("domstate", DOMAIN) == "paused"
    assert virsh("domstate", DOMAIN) == "running"


def test_a_failure_leaves_no_guest_paused(domain: Path, tmp_path: Path) -> None:
    volumes = Volumes(uri=libvirt_bench.URI)
    with pytest.raises(Exception, match="no-such"), volumes.paused([DOMAIN]):
        volumes.save(POOL, "no-such", tmp_path / "copy")
    assert virsh("domstate", DOMAIN) == "running"


def test_a_guest_that_is_off_stays_off(domain: Path) -> None:
    volumes = Volumes(uri=libvirt_bench.URI)
    volumes.stop([DOMAIN])
    with volumes.paused([DOMAIN]):
        pass
    assert virsh("domstate", DOMAIN) == "shut off"
    volumes.stop([DOMAIN])
    volumes.start([DOMAIN])
    assert virsh("domstate", DOMAIN) == "running"
