"""Guests are shut down with the machine: the order in which systemd ends libvirt's units."""

import pytest

from machine.setup import doctor, guest_shutdown, provision

DEBIAN_12 = """LoadState=loaded
After=virtqemud.socket system.slice virt-guest-shutdown.target libvirtd.socket basic.target
"""
ORDERED = (
    "LoadState=loaded\nAfter=virtqemud.service libvirtd.socket libvirtd.service basic.target\n"
)


@pytest.mark.parametrize(
    ("shown", "lacks"),
    [
        (DEBIAN_12, True),
        (ORDERED, False),
        ("LoadState=not-found\nAfter=\n", False),
        ("LoadState=masked\nAfter=libvirtd.socket\n", False),
        ("", False),
    ],
)
def test_a_unit_behind_the_socket_alone_ends_with_the_daemon(shown: str, lacks: bool) -> None:
    assert guest_shutdown.lacks(shown) == lacks


def test_without_systemd_there_is_nothing_to_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest_shutdown.daemons, "has_systemd", lambda: False)
    assert not guest_shutdown.is_lacking()
    assert not guest_shutdown.will_lack([guest_shutdown.PACKAGE])


def test_the_package_that_brings_the_unit_will_lack_the_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guest_shutdown.daemons, "has_systemd", lambda: True)
    monkeypatch.setattr(guest_shutdown, "is_lacking", lambda: False)
    assert guest_shutdown.will_lack([guest_shutdown.PACKAGE])
    assert not guest_shutdown.will_lack(["qemu-utils"])


def test_it_stands_in_the_list_of_what_needs_root_and_is_never_asked_for_alone() -> None:
    found = provision.actions((), (), lets_in=False, builds=True, orders=True)
    assert found[-1] == guest_shutdown.action()
    assert provision.actions((), (), lets_in=False, builds=False, orders=True) == ()


def test_a_lab_can_run_where_doctor_misses_the_order() -> None:
    check = doctor.shutdown_check(lacking=True)
    assert (check.verdict, doctor.able([check])) == ("missing", True)
    assert "daemon-reload" in check.fix
    assert doctor.shutdown_check(lacking=False).verdict == "ok"


@pytest.mark.parametrize("alone", [True, False])
def test_what_runs_in_a_sandbox_alone_leaves_the_machines_units_as_they_are(
    monkeypatch: pytest.MonkeyPatch, *, alone: bool
) -> None:
    done: list[str] = []
    monkeypatch.setattr(provision.packages, "missing", lambda: ())
    monkeypatch.setattr(provision.daemons, "DAEMONS", ())
    monkeypatch.setattr(provision, "_images_missing", lambda: True)
    monkeypatch.setattr(provision.access, "state", lambda: "allowed")
    monkeypatch.setattr(provision.daemons, "sees_broken", lambda finding: False)
    monkeypatch.setattr(guest_shutdown, "will_lack", lambda missing: True)
    monkeypatch.setattr(provision.privilege, "agree", lambda needed, yes: done.extend(needed))
    monkeypatch.setattr(provision, "ensure", lambda step, report: done.append(step.name))
    provision._system(lambda line: None, yes=True, guests_too=not alone)
    assert (guest_shutdown.action() in done) is not alone
    assert ("shutdown" in done) is not alone
