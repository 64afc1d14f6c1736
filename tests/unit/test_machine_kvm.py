import time
from pathlib import Path

import pytest

from machine.host import kvm
from machine.host.kvm import REACHED, Finding, Trial, judge, opens, remember, remembered
from machine.host.running import is_of, of_domain
from machine.setup import daemons, doctor

THROUGH = Trial(code=REACHED, said="")


def test_kvm_works_when_a_kernel_gets_as_far_as_missing_its_root_disk():
    assert judge(THROUGH, Trial(code=0, said="Linux version 6.1\nKernel panic")).verdict == "works"


def test_kvm_works_when_no_kernel_is_at_hand_and_the_boot_sector_ran():
    assert judge(THROUGH, None).verdict == "works"


def test_a_boot_sector_that_runs_beside_a_kernel_that_hangs_is_no_kvm():
    finding = judge(THROUGH, Trial(code=None, said=""))
    assert finding.verdict == "unusable"
    assert "hangs" in finding.detail


def test_a_qemu_that_refuses_the_processor_is_quoted():
    finding = judge(Trial(code=134, said="failed to set MSR 0x10a"), None)
    assert finding.verdict == "unusable"
    assert "MSR 0x10a" in finding.detail


def test_a_boot_sector_that_takes_too_long_is_no_kvm():
    assert judge(Trial(code=None, said=""), None).verdict == "unusable"


def test_a_finding_is_good_until_the_machine_boots_again(tmp_path: Path):
    file = tmp_path / "cache" / "kvm.json"
    finding = Finding(verdict="works", detail="a kernel ran under it")
    remember(file, "6.1 boot-a", finding)
    assert remembered(file, "6.1 boot-a") == finding
    assert remembered(file, "6.1 boot-b") is None


def test_a_broken_memory_is_none(tmp_path: Path):
    file = tmp_path / "kvm.json"
    file.write_text("{")
    assert remembered(file, "any") is None


WORKS = Finding(verdict="works", detail="")
UNUSABLE = Finding(verdict="unusable", detail="")
UNKNOWN = Finding(verdict="unknown", detail="")


@pytest.mark.parametrize(
    ("finding", "running", "under_kvm"),
    [
        (WORKS, None, True),
        (UNUSABLE, None, False),
        (UNKNOWN, None, False),
        (UNUSABLE, True, True),
        (UNKNOWN, True, True),
        (WORKS, False, False),
    ],
)
def test_a_finding_replaces_no_guest_that_runs(
    finding: Finding, running: bool | None, under_kvm: bool
):
    assert kvm.decide(finding, running) is under_kvm


def test_how_a_guest_runs_is_read_from_its_domain():
    assert of_domain("<domain type='kvm' id='3'>\n<name>x</name>") is True
    assert of_domain("<domain type='qemu' id='3' xmlns:qemu='x'>") is False
    assert of_domain("") is None


def test_what_kills_a_probe_has_the_rights_of_the_probe():
    line = kvm.command(["-kernel", "x"], 5.0, root=True)
    assert line[:6] == ["sudo", "-n", "timeout", "-s", "KILL", "5"]
    assert kvm.command([], 5.0, root=False)[0] == "timeout"


@pytest.fixture
def a_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Somebody who may not open the device; the folder is first on PATH."""
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(kvm, "DEVICE", Path("/dev/zero"))
    monkeypatch.setattr(kvm, "_may_open", lambda: False)
    monkeypatch.setattr(kvm.access, "missing", lambda: ())
    monkeypatch.setattr(kvm.privilege, "is_root", lambda: False)
    program(tmp_path, kvm.QEMU, f"exit {REACHED}")
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_a_user_outside_group_kvm_hears_libvirt_and_is_asked_for_nothing(a_user: Path):
    program(a_user, "virsh", "exit 0")
    program(a_user, "sudo", "exit 1")
    assert kvm.find().verdict == "works"
    program(a_user, "virsh", "echo 'error: KVM is not supported by QEMU on this host' >&2; exit 1")
    assert kvm.find().verdict == "unusable"
    program(a_user, "virsh", "echo 'error: failed to connect' >&2; exit 1")
    assert kvm.find().verdict == "unknown"
    assert not (a_user / "cache").exists()


def test_a_user_outside_group_kvm_tries_it_where_sudo_asks_nothing(a_user: Path):
    program(a_user, "virsh", "exit 0")
    program(a_user, "sudo", f'echo "$*" >>{a_user}/asked; [ "$1" = -n ] && shift && exec "$@"')
    program(a_user, kvm.QEMU, "echo 'failed to set MSR'; exit 134")
    assert kvm.look().verdict == "works"
    assert not (a_user / "asked").exists()
    assert kvm.find().verdict == "unusable"
    assert kvm.look().verdict == "unusable"


def test_a_hanging_probe_is_ended_also_behind_sudo(a_user: Path, monkeypatch: pytest.MonkeyPatch):
    # A sudo that is killed from outside leaves what it runs, as the real one does.
    program(a_user, "sudo", 'shift; setsid -w "$@"')
    program(a_user, kvm.QEMU, f"echo $$ >{a_user}/pid; exec sleep 60")
    monkeypatch.setattr(kvm, "SECTOR_TIMEOUT", 0.5)
    program(a_user, "virsh", "exit 0")
    assert kvm.find().verdict == "unusable"
    command = Path(f"/proc/{(a_user / 'pid').read_text().strip()}/cmdline")
    deadline = time.monotonic() + 5
    while is_alive(command) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(command)


def is_alive(command: Path) -> bool:
    """Whether a process runs; one that only waits to be buried has no command line any more."""
    return command.exists() and bool(command.read_text())


def test_without_qemu_nothing_is_found_out_and_nothing_cached(
    a_user: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(kvm, "_may_open", lambda: True)
    monkeypatch.setattr(kvm.shutil, "which", lambda name: None)
    assert kvm.find().verdict == "unknown"
    assert not (a_user / "cache").exists()


def test_an_unknown_kvm_is_not_an_unusable_one():
    assert doctor.kvm_check(UNKNOWN, tried_by_libvirt=False, hidden=False).verdict == "unknown"
    assert not daemons.sees_broken(UNKNOWN)


def test_a_kvm_that_is_hidden_from_another_users_libvirtd_is_seen_in_its_mounts():
    mounts = "36 35 0:6 / /dev rw - devtmpfs udev rw\n40 36 0:25 /x /dev/kvm rw - tmpfs tmpfs rw\n"
    assert daemons.is_covered(mounts, "/dev/kvm")
    assert not daemons.is_covered(mounts.splitlines()[0], "/dev/kvm")


@pytest.mark.parametrize(
    ("mode", "may"),
    [
        (0o600, False),  # as a kernel without udev makes it
        (0o660, True),  # as udev gives it to group kvm
        (0o666, True),
        (0o640, False),
    ],
)
def test_kvm_is_for_whom_libvirt_runs_guests_as(mode: int, may: bool) -> None:
    assert opens(mode, 0, 106, 64055, [64055, 106]) == may


def test_kvm_of_another_group_is_not_for_libvirts_qemu() -> None:
    assert not opens(0o660, 0, 0, 64055, [64055, 106])
    assert opens(0o600, 64055, 0, 64055, [])


def test_a_domain_belongs_to_the_stack_whose_network_it_is_on() -> None:
    described = "<interface type='network'><source network='isolab-a-b'/></interface>"
    assert is_of("a-b", described)
    assert not is_of("a", described)
