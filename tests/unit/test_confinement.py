"""What AppArmor, SELinux and the modes of folders refuse QEMU is named, with where to look."""

from pathlib import Path
from typing import Any

import pytest

from isolab.cli.context import engine
from isolab.cli.errors import Failure
from isolab.transport import Result
from machine.host.transport import HostTransport
from machine.setup import confinement, doctor

APPARMOR, SELINUX = confinement.MODULES
BASE = "/var/lib/libvirt/isolab/x/base"
REFUSED = f"""\
domain: internal error: process exited while connecting to monitor: 2026-11-27T12:00:00Z
qemu-system-x86_64: -blockdev {{"driver":"file","filename":"{BASE}"}}: Could not open '{BASE}': \
Permission denied"""
CLOSED = f"Cannot access storage file '{BASE}' (as uid:64055, gid:64055): Permission denied"
KERNEL = f"qemu-system-x86_64: could not open kernel file '{BASE}': Permission denied"


@pytest.mark.parametrize("said", [REFUSED, CLOSED, KERNEL], ids=["opened", "looked at", "kernel"])
def test_a_refused_file_names_who_may_have_refused_it(said: str) -> None:
    assert "journalctl --grep apparmor=.DENIED" in confinement.hint(said, APPARMOR)
    assert "ausearch -m avc" in confinement.hint(said, SELINUX)
    assert f"namei -l {BASE}" in confinement.hint(said, None)
    assert "AppArmor" not in confinement.hint(said, None)


@pytest.mark.parametrize(
    "said",
    ["Permission denied (publickey)", f"Could not open '{BASE}': No such file or directory", ""],
)
def test_other_failures_are_not_its(said: str) -> None:
    assert confinement.hint(said, APPARMOR) == ""


def test_a_domain_that_a_failed_start_left_is_named() -> None:
    said = "error defining libvirt domain: operation failed: domain 'isolab-x-app-1' already exists"
    hint = confinement.hint(f"{said} with uuid 1", None)
    assert "virsh undefine isolab-x-app-1" in hint


def test_the_failure_of_an_up_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "in_force", lambda: APPARMOR)

    class Stub:
        code = 255
        interrupts = 0
        stack = "x"
        errors = (REFUSED,)

    stub: Any = Stub()
    with pytest.raises(Failure) as failed:
        engine.fail_unless_done("up", "run ./lab up again to continue", stub, stub, stub)
    assert "AppArmor may have refused" in failed.value.hint
    assert failed.value.hint.endswith("run ./lab up again to continue")


def test_a_stack_of_another_folder_leads_to_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "in_force", lambda: None)

    class Stub:
        code = 255
        interrupts = 0
        stack = "reference"
        errors = ("a network isolab-reference already exists and is not this stack's: look at it",)

    stub: Any = Stub()
    with pytest.raises(Failure) as failed:
        engine.fail_unless_done("up", "again", stub, stub, stub)
    assert "--stack NAME" in failed.value.hint


def test_the_kernel_says_which_is_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch = tmp_path / "enabled"
    module = confinement.Module(name="A", driver="a", switch=switch, on="Y", log="")
    monkeypatch.setattr(confinement, "MODULES", (module,))
    assert confinement.in_force() is None
    switch.write_text("N\n")
    assert confinement.in_force() is None
    switch.write_text("Y\n")
    assert confinement.in_force() == module


def test_a_pools_folder_that_only_root_can_pass_is_found(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    pools = tmp_path / "isolab"
    (pools / "x").mkdir(parents=True)
    (pools / "y").mkdir()
    (pools / "x").chmod(0o711)
    (pools / "y").chmod(0o700)
    assert pools / "y" in confinement.closed_folders(pools)
    assert pools / "x" not in confinement.closed_folders(pools)
    pools.chmod(0o700)
    assert pools in confinement.closed_folders(pools)


def check(module: confinement.Module | None, drivers: set[str] | None, **other: Any) -> Any:
    found: dict[str, Any] = {"closed": (), "without_base": (), **other}
    return doctor.confinement_check(module, drivers, **found)


def test_the_doctor_tells_what_confines_guests() -> None:
    assert check(None, {"dac"}).verdict == "ok"
    assert "journalctl" in check(APPARMOR, {"dac", "apparmor"}).detail
    assert "does not confine" in check(APPARMOR, {"dac"}).detail
    assert "ausearch" in check(SELINUX, {"dac", "selinux"}).detail
    assert check(APPARMOR, None).verdict == "ok"


def test_the_doctor_tells_what_will_not_start() -> None:
    closed = check(APPARMOR, {"apparmor"}, closed=[Path("/x")])
    assert (closed.verdict, closed.fix) == ("unusable", "chmod o+x /x")
    older = check(APPARMOR, {"apparmor"}, without_base=["isolab-x-app-1"])
    assert older.verdict == "unknown"
    assert "isolab-x-app-1" in older.detail
    assert check(None, {"dac"}, without_base=["isolab-x-app-1"]).verdict == "ok"
    assert check(SELINUX, {"selinux"}, without_base=["isolab-x-app-1"]).verdict == "ok"


def test_libvirt_tells_its_drivers_and_its_older_domains(monkeypatch: pytest.MonkeyPatch) -> None:
    backed = "<backingStore/>"
    said = {
        "capabilities": "<capabilities><host><secmodel><model>apparmor</model></secmodel>"
        "<secmodel><model>dac</model></secmodel></host></capabilities>",
        "list": "isolab-a-1\nisolab-b-1\nanother\n",
        "isolab-a-1": "<domain><devices><disk/></devices></domain>",
        "isolab-b-1": f"<domain><devices><disk>{backed}</disk></devices></domain>",
        "another": "<domain><devices><disk/></devices></domain>",
    }

    def run(self: HostTransport, command: list[str], *_: Any) -> Result:
        word = command[-1] if command[3] == "dumpxml" else command[3]
        return Result(stdout=said[word], stderr="", code=0, duration=0)

    monkeypatch.setattr(HostTransport, "run", run)
    assert confinement.drivers() == {"apparmor", "dac"}
    assert confinement.without_base() == ("isolab-a-1",)
