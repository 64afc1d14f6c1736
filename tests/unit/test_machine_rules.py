"""What a machine can hold, and what others there have taken."""

from dataclasses import replace
from pathlib import Path

import pytest

from isolab.model import Problem
from isolab.plan.make import POOLS
from isolab.plan.model import Machine, RunningDomain, Surroundings, Taken
from isolab.plan.read import Examined, examine_file
from isolab.units import MiB
from machine.host import domain_use
from machine.setup import doctor

MACHINE = Machine(
    memory=MiB(8192), cpus=4, free_disk=MiB(65536), cpu_models=("Nehalem", "Skylake-Client")
)
LAB = """
guests:
  app: {memory: 2GiB, vcpus: 2, count: 2}
services:
  web: {image: "a:1"}
"""


def examined(folder: Path, machine: Machine, text: str = LAB) -> Examined:
    file = folder / "lab.yaml"
    file.write_text(text)
    return examine_file(file, {}, Surroundings(stack="test", machine=machine))


def only(problems: tuple[Problem, ...]) -> tuple[str, str]:
    (found,) = problems
    return found.path, found.message


def test_a_lab_that_fits_has_no_problems(tmp_path: Path) -> None:
    found = examined(tmp_path, MACHINE)
    assert found.plan and not found.errors and not found.warnings


def test_memory_that_is_not_there_is_an_error_with_the_sum(tmp_path: Path) -> None:
    path, message = only(examined(tmp_path, replace(MACHINE, memory=MiB(4000))).errors)
    assert path == "guests"
    assert "4096 MiB" in message and "4000 MiB" in message


@pytest.mark.parametrize("machine", [replace(MACHINE, cpus=3), replace(MACHINE, free_disk=MiB(9))])
def test_what_may_be_shared_is_a_warning(tmp_path: Path, machine: Machine) -> None:
    found = examined(tmp_path, machine)
    assert found.plan and not found.errors
    assert only(found.warnings)[0] == "guests"
    assert str(found.warnings[0]).startswith(f"{tmp_path}/lab.yaml:2:1: warning: guests: ")


def test_a_network_that_came_later_over_the_labs_own_is_told(tmp_path: Path) -> None:
    taken = (Taken(cidr="10.9.0.0/16", owner="a route of tun0"),)
    file = tmp_path / "lab.yaml"
    file.write_text(LAB)
    for has_subnet in (True, False):
        machine = replace(MACHINE, networks=taken, has_subnet=has_subnet)
        around = Surroundings(stack="test", cidr="10.9.8.0/24", machine=machine)
        found = examine_file(file, {}, around)
        assert found.plan and not found.errors
        # Without a subnet of its own yet, the stack gets one that is free.
        assert bool(found.warnings) == has_subnet
    apart = replace(MACHINE, networks=(Taken(cidr="10.8.0.0/16", owner="x"),), has_subnet=True)
    assert not examine_file(file, {}, replace(around, machine=apart)).warnings
    told = examine_file(file, {}, replace(around, machine=replace(machine, has_subnet=True)))
    path, message = only(told.warnings)
    assert path == "network"
    assert message == (
        "the lab's network 10.9.8.0/24 overlaps 10.9.0.0/16 (a route of tun0): "
        "this machine reaches only one of them"
    )


def test_a_subnet_that_another_has_is_an_error_that_names_it(tmp_path: Path) -> None:
    taken = (Taken(cidr="10.9.0.0/16", owner="a route of tun0"),)
    text = f"network: {{cidr: 10.9.8.0/24}}\n{LAB}"
    path, message = only(examined(tmp_path, replace(MACHINE, networks=taken), text).errors)
    assert path == "network.cidr"
    assert message == "10.9.8.0/24 overlaps 10.9.0.0/16 (a route of tun0)"


@pytest.mark.parametrize(
    ("address", "taken"), [("0.0.0.0", True), ("", True), ("*", True), ("127.0.0.1", False)]
)
def test_the_registry_finds_its_port_free(tmp_path: Path, address: str, taken: bool) -> None:
    found = examined(tmp_path, replace(MACHINE, listening=((address, 5000), ("0.0.0.0", 22))))
    assert bool(found.errors) == taken


def test_a_processor_that_libvirt_does_not_know_is_an_error_with_a_hint(tmp_path: Path) -> None:
    text = LAB.replace("vcpus: 2", "cpu: Nehalm")
    (found,) = examined(tmp_path, MACHINE, text).errors
    assert (found.path, found.hint) == ("guests.app.cpu", "did you mean Nehalem?")


def test_a_processor_that_cannot_be_passed_through_is_told(tmp_path: Path) -> None:
    found = examined(tmp_path, MACHINE, LAB.replace("vcpus: 2", "cpu: host-passthrough"))
    assert found.plan
    assert {problem.path for problem in found.warnings} == {"guests.app.cpu"}


def test_processors_that_containers_share_are_a_warning(tmp_path: Path) -> None:
    text = LAB.replace('image: "a:1"', 'image: "a:1", cpus: 1.5, deploy: {replicas: 4}')
    found = examined(tmp_path, MACHINE, text)
    assert found.plan
    assert only(found.warnings)[0] == "guests.app.vcpus"


def with_others(machine: Machine, *others: tuple[str, int, int]) -> Machine:
    found = (
        RunningDomain(name=n, memory=MiB(m), growth=MiB(g), files=(f"{pool_of(n)}/{n}-root",))
        for n, m, g in others
    )
    return replace(machine, running=tuple(found))


def pool_of(domain: str) -> str:
    """Where the disks of a domain of these tests are: its guest is called app-1 or app-2."""
    return f"{POOLS}/{domain.removeprefix('isolab-').rpartition('-app-')[0]}"


def test_memory_counts_over_all_domains_that_run(tmp_path: Path) -> None:
    fits = with_others(MACHINE, ("isolab-other-app-1", 4096, 0))
    assert not examined(tmp_path, fits).errors
    full = with_others(MACHINE, ("isolab-other-app-1", 4096, 0), ("mine", 512, 0))
    path, message = only(examined(tmp_path, full).errors)
    assert path == "guests"
    assert message == (
        "the guests need 4096 MiB of memory together, and isolab-other-app-1 and mine use "
        "4608 MiB, but this machine has 8192 MiB"
    )


def test_a_lab_that_runs_already_is_not_refused_its_repair(tmp_path: Path) -> None:
    own = (("isolab-test-app-1", 2048, 0), ("isolab-test-app-2", 2048, 0))
    full = with_others(MACHINE, *own, ("isolab-other-app-1", 6000, 0))
    assert not examined(tmp_path, full).errors
    assert examined(tmp_path, with_others(full, *own[:1], ("other", 6000, 0))).errors


def test_guests_of_a_stack_whose_name_begins_alike_are_others(tmp_path: Path) -> None:
    own = (("isolab-test-app-1", 2048, 0), ("isolab-test-app-2", 2048, 0))
    assert not examined(tmp_path, with_others(MACHINE, *own)).errors
    alike = with_others(MACHINE, ("isolab-test-b-app-1", 5000, 0))
    _, message = only(examined(tmp_path, alike).errors)
    assert "isolab-test-b-app-1 uses 5000 MiB" in message


def test_memory_that_programs_hold_is_a_warning(tmp_path: Path) -> None:
    machine = replace(MACHINE, available=MiB(3000))
    path, message = only(examined(tmp_path, machine).warnings)
    assert (path, message) == (
        "guests",
        "the guests may use 4096 MiB more of memory, but this machine has only 3000 MiB available",
    )
    own = (("isolab-test-app-1", 2048, 0), ("isolab-test-app-2", 2048, 0))
    assert not examined(tmp_path, with_others(machine, *own)).warnings


def test_disks_of_other_domains_may_fill_the_machine_too(tmp_path: Path) -> None:
    machine = with_others(MACHINE, ("isolab-other-app-1", 64, 60000))
    assert "those of other domains by 60000 MiB" in only(examined(tmp_path, machine).warnings)[1]


def test_domstats_is_read_domain_by_domain() -> None:
    listing = """Domain: 'isolab-other-app-1'
  balloon.current=1048576
  balloon.maximum=1048576
  block.count=2
  block.0.name=vda
  block.0.path=/var/lib/libvirt/isolab/other/app-1-root
  block.0.allocation=0
  block.0.capacity=8589934592
  block.0.physical=1073741824
  block.1.name=vdb
  block.1.capacity=376832
  block.1.physical=376832

Domain: 'no-stats'

"""
    assert tuple(domain_use.of(listing)) == (
        RunningDomain(
            name="isolab-other-app-1",
            memory=MiB(1024),
            growth=MiB(7168),
            files=("/var/lib/libvirt/isolab/other/app-1-root",),
        ),
        RunningDomain(name="no-stats", memory=MiB(0), growth=MiB(0)),
    )


def test_doctor_tells_when_all_labs_together_have_more_than_the_machine() -> None:
    domains = with_others(MACHINE, ("isolab-a-app-1", 3000, 0), ("isolab-b-app-1", 3000, 0)).running
    assert doctor.memory_check(domains, MiB(8192)).verdict == "ok"
    check = doctor.memory_check(domains, MiB(4096), MiB(100))
    assert (check.verdict, check.name in doctor.OPTIONAL) == ("unusable", True)
    assert check.detail == "4096 MiB; running domains use 6000 MiB, 100 MiB are available"
