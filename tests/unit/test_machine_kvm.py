from pathlib import Path

from machine.kvm import REACHED, Finding, Trial, judge, remember, remembered

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
