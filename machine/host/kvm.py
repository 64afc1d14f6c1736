"""Whether KVM works here: found out by starting a machine, and remembered until the next boot.

What counts is what libvirt's QEMU may do, which is in group kvm; most users are not. A user who may
not open the device asks libvirt first, and tries with sudo only where that asks nothing.
"""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from machine import paths
from machine.host import access, answers, privilege
from machine.steps import wants_terminal

DEVICE = Path("/dev/kvm")
QEMU = "qemu-system-x86_64"
PROBE = bytes.fromhex(
    "fa31c08ed88ec08ed0bc007cbf0010b90018fcf3ab66c70600100320000066c70600200330000066c706003083"
    "00000066b8a00000000f22e066b8001000000f22d866b9800000c00f32660d000100000f30660f0116b07c0f20"
    "c0660d010000800f22c066ea6c7c0000080066b810008ed048c7c4007c0000b940420f000f20d8f7c1ffff0000"
    "75030f22d8e2f066baf400b010eef4ebfd0000000000000000ffff0000009aaf00ffff00000092cf001700987c"
)
"""kvm_probe.S, assembled: a boot sector that enters long mode and works a little there."""
REACHED = (0x10 << 1) | 1
"""QEMU's exit code when the boot sector got to its end."""
SECTOR_TIMEOUT = 5.0
"""Seconds; without any KVM it takes 0.3."""
KERNEL_TIMEOUT = 20.0
"""Seconds; with KVM a kernel finds after one that it has no root disk."""

ASKING = 20.0
"""Seconds that libvirt has to answer, and a probe has beyond its own timeout."""
OFFERS = ("virsh", "-qc", "qemu:///system", "domcapabilities", "--virttype", "kvm")

QEMU_USERS = ("libvirt-qemu", "qemu")
"""Whom libvirt runs guests as: on Debian and Ubuntu, on Fedora."""

Verdict = Literal["works", "absent", "unusable", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What was found out about KVM."""

    verdict: Verdict
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """How an attempt to start something under KVM ended."""

    code: int | None
    """QEMU's exit code; None where its time ran out."""
    said: str
    """The end of what it printed."""


def works() -> bool:
    """Whether guests run under KVM on this machine."""
    return find().verdict == "works"


def find() -> Finding:
    """What is known about KVM; found out where it is not yet, and stored."""
    known = _known()
    if known:
        return known
    if not _may_open():
        offered = offered_by_libvirt()
        if offered is False or not privilege.asks_nothing():
            return untried(offered)
    finding = _probe()
    if finding.verdict != "unknown":
        remember(paths.cache() / "kvm.json", _machine(), finding)
    return finding


def look() -> Finding:
    """The same for who changes nothing: nothing is stored, and sudo is not used."""
    return _known() or (_probe() if _may_open() else untried(offered_by_libvirt()))


def decide(finding: Finding, running: bool | None) -> bool:
    """Whether guests are to run under KVM.

    Args:
        finding: What was found out.
        running: Whether those that run do; None where none runs. A finding replaces no guest that
            runs: a probe may have been too slow once, or have been made on another day.
    """
    return finding.verdict == "works" if running is None else running


def offered_by_libvirt() -> bool | None:
    """Whether libvirt has KVM for its guests; None where it cannot be asked."""
    if access.missing():
        return None
    said = answers.of_command(OFFERS, ASKING)
    return True if not said else (False if "not supported" in said else None)


def untried(offered: bool | None) -> Finding:
    """The verdict without a machine that was started, from what libvirt says."""
    match offered:
        case True:
            return Finding(verdict="works", detail="libvirt offers it; this user cannot test it")
        case False:
            return _unusable("libvirt cannot use it")
        case None:
            detail = "/dev/kvm exists, but this user may not open it to test it"
            return Finding(verdict="unknown", detail=detail)


def _known() -> Finding | None:
    if not DEVICE.is_char_device() or os.stat(DEVICE).st_rdev == os.stat("/dev/null").st_rdev:
        return Finding(verdict="absent", detail="there is no /dev/kvm")
    about = os.stat(DEVICE)
    users = [(user.pw_uid, groups) for user, groups in _qemu_users()]
    if users and not any(opens(about.st_mode, about.st_uid, about.st_gid, *u) for u in users):
        return _unusable("libvirt runs QEMU as a user who may not open it")
    return remembered(paths.cache() / "kvm.json", _machine())


def opens(mode: int, owner: int, group: int, user: int, groups: Collection[int]) -> bool:
    """Whether a user in these groups may read and write a file."""
    if user == owner:
        return mode & 0o600 == 0o600
    return mode & (0o060 if group in groups else 0o006) in (0o060, 0o006)


def _qemu_users() -> Iterator[tuple[pwd.struct_passwd, list[int]]]:
    """Those that there are, each with its groups."""
    for name in QEMU_USERS:
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            yield user, os.getgrouplist(name, user.pw_gid)


def _may_open() -> bool:
    return os.access(DEVICE, os.R_OK | os.W_OK)


def remembered(file: Path, machine: str) -> Finding | None:
    """What was found out since this machine booted."""
    try:
        stored = json.loads(file.read_text())
        if stored["machine"] != machine:
            return None
        return Finding(verdict=stored["verdict"], detail=stored["detail"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(file: Path, machine: str, finding: Finding) -> None:
    """Keep what was found out."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}")
    content = {"machine": machine, "verdict": finding.verdict, "detail": finding.detail}
    partial.write_text(json.dumps(content))
    partial.replace(file)


def _machine() -> str:
    """A module loaded or a setting changed later shows at the next boot at the latest."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{os.uname().release} {boot}"


def _probe() -> Finding:
    if not shutil.which(QEMU):
        return Finding(
            verdict="unknown", detail="/dev/kvm exists, but there is no QEMU to test it with"
        )
    with tempfile.TemporaryDirectory(prefix="isolab-kvm-") as folder:
        sector = Path(folder) / "sector"
        sector.write_bytes(PROBE.ljust(510, b"\0") + b"\x55\xaa")
        first = _try(["-drive", f"format=raw,file={sector},snapshot=on"], SECTOR_TIMEOUT)
    kernel = next(iter(sorted(Path("/boot").glob("vmlinuz-*"), reverse=True)), None)
    if first.code != REACHED or not kernel or not os.access(kernel, os.R_OK):
        return judge(first, None)
    append = "console=ttyS0 panic=-1"
    return judge(first, _try(["-kernel", str(kernel), "-append", append], KERNEL_TIMEOUT))


def judge(sector: Trial, kernel: Trial | None) -> Finding:
    """The verdict: the boot sector got through, and the kernel, where one was at hand, ran."""
    if sector.code is None:
        return _unusable(f"a boot sector made no progress within {SECTOR_TIMEOUT:.0f} s")
    if sector.code != REACHED:
        return _unusable(f"QEMU cannot start a machine with it: {sector.said or sector.code}")
    if kernel and kernel.code is None:
        return _unusable(f"a kernel hangs: it made no progress within {KERNEL_TIMEOUT:.0f} s")
    if kernel and "Kernel panic" not in kernel.said and "Linux version" not in kernel.said:
        return _unusable(f"a kernel does not start: {kernel.said or kernel.code}")
    started = "a kernel" if kernel else "a boot sector"
    return Finding(verdict="works", detail=f"{started} ran under it")


def _unusable(detail: str) -> Finding:
    return Finding(verdict="unusable", detail=f"/dev/kvm exists, but {detail}")


def _try(machine: list[str], timeout: float) -> Trial:
    """Start a machine with the processor that guests get, and see how it ends."""
    limited = command(machine, timeout, root=not _may_open())
    try:
        done = subprocess.run(
            limited,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout + ASKING,
            start_new_session=not wants_terminal(limited),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Trial(code=None, said="")
    said = (done.stdout + done.stderr).decode(errors="replace").strip().splitlines()
    ended = done.returncode not in (-9, 137)
    text = "\n".join(said) if "-kernel" in machine else (said[0] if said else "")
    return Trial(code=done.returncode if ended else None, said=text)


def command(machine: list[str], timeout: float, *, root: bool) -> list[str]:
    """The command line that starts a machine under KVM and kills it when its time is over.

    Killed outright: a QEMU whose processor hangs hears nothing else. What kills it runs with root's
    rights where QEMU does: sudo that is killed from here leaves what it runs.
    """
    limited = [
        "timeout", "-s", "KILL", f"{timeout:g}",
        QEMU, "-accel", "kvm", "-cpu", "host", "-m", "256", "-nodefaults", "-display", "none",
        "-no-reboot", "-serial", "stdio", "-device", "isa-debug-exit,iobase=0xf4,iosize=1",
        *machine,
    ]  # fmt: skip
    return ["sudo", "-n", *limited] if root else limited
