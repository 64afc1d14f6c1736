"""A virtual machine as Debian installs one: AppArmor in force, libvirt inside, no network.

It is emulated, and answers over a serial port. Built as root from the mirrors that this machine's
apt knows: `PYTHONPATH=. python tests/machines/apparmor_vm.py bookworm`, or by the
tests beside it.
"""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from machine import sandbox
from machine.images import cache

Release = Literal["bookworm", "trixie"]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "isolab-machines/apparmor"
PACKAGES = (
    "linux-image-cloud-amd64", "initramfs-tools", "systemd-sysv", "udev", "dbus", "kmod",
    "iproute2", "apparmor", "libvirt-daemon-system", "libvirt-clients", "qemu-system-x86",
    "qemu-utils", "dnsmasq-base", "iptables", "nftables", "python3",
)  # fmt: skip
DISK = "4G"
"""The file system's size; what is empty of it takes no space."""
TOOLS = ("mmdebstrap", "mkfs.ext4", "qemu-img", "qemu-system-x86_64")
BOOT = """\
[Unit]
After=apparmor.service libvirtd.service
Wants=libvirtd.service
[Service]
Type=oneshot
WorkingDirectory=/run/given
RuntimeDirectory=given
StandardOutput=file:/dev/ttyS1
StandardError=inherit
ExecStart=/bin/tar -xf /dev/vdb
ExecStart=/bin/sh run.sh
ExecStopPost=/bin/systemctl --no-block --force poweroff
[Install]
WantedBy=multi-user.target
"""
UNIT = "etc/systemd/system/given.service"


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """What the machine boots from."""

    disk: Path
    kernel: Path
    initrd: Path


def unable(release: Release) -> str:
    """Why this machine cannot have such a virtual machine; empty where it can."""
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        return f"needs {', '.join(missing)}"
    if _folder(release).exists():
        return ""
    if os.getuid() or sandbox.inside():
        return f"needs an image: as root, outside the sandbox, {Path(__file__).name} {release}"
    return "" if _sources(release) else "apt on this machine knows no mirror of Debian"


def _folder(release: Release) -> Path:
    recipe = "\0".join((release, *PACKAGES, BOOT, DISK))
    return CACHE / f"{release}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"


def image(release: Release) -> Image:
    """The release's image, made where the cache has none that is made so."""
    folder = _folder(release)
    with cache.alone(CACHE):
        if not folder.exists():
            with cache.folder(folder) as partial:
                _build(release, partial)
    return Image(
        disk=folder / "disk.qcow2", kernel=folder / "vmlinuz", initrd=folder / "initrd.img"
    )


def _sources(release: Release) -> list[str]:
    """The mirrors of Debian that this machine's apt knows, for a release."""
    told = _output(
        "apt-get", "indextargets", "--format", "$(ORIGIN) $(COMPONENT) $(SITE) $(CODENAME)",
        "Created-By: Packages",
    )  # fmt: skip
    fields = (line.split(" ") for line in told.splitlines())
    sources = (
        f"deb {site} {release}{''.join(codename.partition('-')[1:])} main"
        for origin, component, site, codename in fields
        if (origin, component) == ("Debian", "main")
    )
    return list(dict.fromkeys(sources))


def _build(release: Release, folder: Path) -> None:
    root, settings, raw = folder / "root", folder / "apt.conf", folder / "disk.raw"
    settings.write_text(_output("apt-config", "dump", "--no-empty", "Acquire"))
    # Some versions of mmdebstrap change the mounts of the machine that they run on.
    _output(
        "unshare", "--mount", "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
        "--format=directory", f"--include={','.join(PACKAGES)}", f"--aptopt={settings}",
        "--dpkgopt=path-exclude=/usr/share/doc/*", release, root, *_sources(release),
    )  # fmt: skip
    settings.unlink()
    (root / UNIT).write_text(BOOT)
    _output("chroot", root, "systemctl", "enable", Path(UNIT).name)
    for name in ("vmlinuz", "initrd.img"):
        (found,) = (root / "boot").glob(f"{name}-*")
        shutil.copy(found, folder / name)
    _output("mkfs.ext4", "-q", "-m", "0", "-d", root, raw, DISK)
    _output("qemu-img", "convert", "-O", "qcow2", raw, folder / "disk.qcow2")
    raw.unlink()
    _output("rm", "-rf", "--one-file-system", root)


def _output(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]} failed: {done.stderr[-2000:]}"
    return done.stdout


def answers(image: Image, given: Mapping[str, str], *, timeout: float) -> str:
    """Boot the machine, run the file run.sh of those given in it, and what that prints.

    Raises:
        subprocess.TimeoutExpired: It was not done by then. The machine's disk is never written to.
    """
    with tempfile.TemporaryDirectory() as work:
        archive, said = Path(work) / "given.tar", Path(work) / "said"
        with tarfile.open(archive, "w") as tar:
            for name, text in given.items():
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
        console = CACHE / "console.log"
        subprocess.run(
            [
                "qemu-system-x86_64", "-machine", "q35,accel=tcg", "-m", "2560", "-smp", "2",
                "-cpu", "Nehalem,vendor=AuthenticAMD", "-display", "none", "-nic", "none",
                "-no-reboot", "-kernel", image.kernel, "-initrd", image.initrd,
                "-append", "root=/dev/vda rw console=ttyS0 quiet",
                "-drive", f"file={image.disk},if=virtio,format=qcow2,snapshot=on",
                "-drive", f"file={archive},if=virtio,format=raw,readonly=on",
                "-serial", f"file:{console}", "-serial", f"file:{said}",
            ],
            check=True, timeout=timeout, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return said.read_text(errors="replace")


if __name__ == "__main__":
    for name in get_args(Release):
        if name in sys.argv[1:]:
            print(image(name).disk)
