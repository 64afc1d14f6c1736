"""Builds the guest image from Debian packages, without a running guest and without internet."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from isolab.units import MiB
from machine import paths
from machine.images import cpio, debian_sources
from machine.images.service_catalog import SUITE
from machine.steps import Unable

Report = Callable[[str], None]
Preload = Callable[[Path, Report], None]

RECIPE = paths.REPO / "images" / "guest"
HEADROOM = 1.2
"""The root filesystem's size, in what is on it; it grows to the root disk's size at boot."""
RESULTS = ("disk.qcow2", "vmlinuz", "initrd.img")
ARGUMENTS = (
    "root=/dev/vda",
    "rw",
    "console=ttyS0",
    "quiet",
    "ipv6.disable=1",
    "audit=0",
    "no5lvl",
)


class DiskInfo(msgspec.Struct, rename="kebab"):
    """What qemu-img says of a disk."""

    virtual_size: int


class CannotBuild(Unable):
    """The image cannot be built on this machine; the text says why and what to do."""


def build(folder: Path, preload: Preload | None, report: Report) -> None:
    """Fill an empty folder with the results. Takes root's rights."""
    rootfs = folder / "rootfs"
    report("guest image: installing Debian's packages")
    install_packages(rootfs)
    run("sh", RECIPE / "prepare.sh", rootfs)
    if preload:
        report("guest image: adding the layers of the service images")
        preload(rootfs, report)
    report("guest image: making the kernel, the initrd and the disk")
    version = next((rootfs / "lib/modules").iterdir()).name
    shutil.copy(rootfs / f"boot/vmlinuz-{version}", folder / "vmlinuz")
    make_initrd(rootfs, version, folder)
    shutil.rmtree(rootfs / "boot")
    make_disk(rootfs, folder)
    run("rm", "-rf", "--one-file-system", rootfs)


def install_packages(rootfs: Path) -> None:
    """Unpack and configure the packages, from where this machine's own apt gets them."""
    settings = rootfs.with_name("apt.conf")
    settings.write_text(
        output("apt-config", "dump", "--no-empty", "Acquire") + 'Acquire::Languages "none";\n'
    )
    run(
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        "--format=directory",
        f"--include={','.join(lines(RECIPE / 'packages.txt'))}",
        f"--aptopt={settings}",
        *debian_sources.keyrings(),
        *(
            f"--dpkgopt=path-exclude=/usr/share/{kind}/*"
            for kind in ("doc", "man", "locale", "i18n")
        ),
        SUITE,
        rootfs,
        *debian_sources.lines(),
    )
    settings.unlink()


def make_initrd(rootfs: Path, version: str, folder: Path) -> None:
    """An initrd that knows virtio and nothing else."""
    tree = folder / "initrd"
    for name in ("bin", "dev", "modules"):
        (tree / name).mkdir(parents=True)
    shutil.copy(rootfs / "bin/busybox", tree / "bin/busybox")
    for applet in ("sh", "mount", "insmod", "switch_root", "sleep", "mkdir"):
        (tree / "bin" / applet).symlink_to("busybox")
    shutil.copy(RECIPE / "init", tree / "init")
    (tree / "init").chmod(0o755)
    needed = output(
        "chroot", rootfs, "modprobe", "--set-version", version, "--show-depends", "--all",
        *lines(RECIPE / "modules.txt"),
    )  # fmt: skip
    modules = [Path(line.split()[1]) for line in needed.splitlines() if line.startswith("insmod")]
    order = list(dict.fromkeys(modules))
    for module in order:
        shutil.copy(rootfs / module.relative_to("/"), tree / "modules" / module.name)
    (tree / "modules/order").write_text("".join(f"{module.name}\n" for module in order))
    (folder / "initrd.img").write_bytes(cpio.archive(tree))
    shutil.rmtree(tree)


def make_disk(rootfs: Path, folder: Path) -> None:
    """The root filesystem as a qcow2 disk without a partition table."""
    used = int(output("du", "-sm", "--one-file-system", rootfs).split()[0])
    size = -(-int(used * HEADROOM + 256) // 256) * 256
    raw = folder / "disk.raw"
    # With the inode tables and the journal written now, no guest writes them at its first boot.
    run(
        "mkfs.ext4", "-q", "-L", "root", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0",
        "-d", rootfs, raw, f"{size}M",
    )  # fmt: skip
    # A third of the size to upload into each stack's pool; zstd unpacks faster than disks read.
    run(
        "qemu-img", "convert", "-c", "-o", "compression_type=zstd", "-O", "qcow2",
        raw, folder / "disk.qcow2",
    )  # fmt: skip
    raw.unlink()


def virtual_size(disk: Path) -> MiB:
    """How large a disk is for its guest."""
    info = msgspec.json.decode(output("qemu-img", "info", "--output=json", disk), type=DiskInfo)
    return MiB(-(-info.virtual_size // 2**20))


def lines(file: Path) -> list[str]:
    """A list file's entries, without comments."""
    return [line for line in file.read_text().split("\n") if line and not line.startswith("#")]


def run(*command: str | Path) -> None:
    """Run a command of the build."""
    output(*command)


def output(*command: str | Path) -> str:
    """What a command of the build prints; a failure shows the end of its complaints."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        said = "\n".join(done.stderr.splitlines()[-5:])
        raise CannotBuild(f"{command[0]} failed while the guest image was built:\n{said}")
    return done.stdout
