"""A stack's state, its locks, and what is retained or cleared up."""

import json
import os
import socket
import subprocess
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from isolab.cli.commands.down import retained_with_data
from isolab.cli.context import stack as stacks
from isolab.cli.context.live import containers
from isolab.cli.errors import Failure
from isolab.plan.network import addresses as planned
from machine.deployment import control, locks, state
from machine.host import addresses

LAB = "urn:pulumi:s::isolab::isolab:index:Lab::s"
GUEST = "urn:pulumi:s::isolab::isolab:index:Lab$isolab:index:Guest::app-1"
PROVIDER = "urn:pulumi:s::isolab::isolab:index:Lab$pulumi:providers:libvirt::s-libvirt"
VOLUME = f"{GUEST.rsplit('::', 1)[0]}$libvirt:index/volume:Volume::app-1"
POOL = "urn:pulumi:s::isolab::isolab:index:Lab$libvirt:index/pool:Pool::s-pool"


def resource(urn: str, parent: str = "", provider: str = "", **inputs: str) -> dict[str, Any]:
    return {
        "urn": urn,
        "type": state.urn_type(urn),
        "parent": parent,
        "provider": provider and f"{provider}::an-id",
        "inputs": inputs,
    }


RESOURCES = [
    resource(LAB),
    resource(GUEST, LAB),
    resource(PROVIDER, LAB),
    resource(POOL, LAB, PROVIDER, name="isolab-s"),
    resource(f"{VOLUME}-root", GUEST, PROVIDER, name="app-1-root", pool="isolab-s"),
    resource(f"{VOLUME}-data", GUEST, PROVIDER, name="app-1-data", pool="isolab-s"),
]


def exported(**more: Any) -> str:
    return json.dumps({"version": 3, "deployment": {"resources": RESOURCES, **more}})


def test_a_state_tells_what_was_begun_and_where_it_belongs() -> None:
    begun = resource(f"{VOLUME}-root", GUEST, PROVIDER, name="app-1-root", pool="isolab-s")
    known = state.parse(exported(pending_operations=[{"type": "creating", "resource": begun}]))
    (pending,) = known.pending
    assert pending.operation == "creating"
    assert known.guest_of(pending.resource) == "app-1"
    assert known.guest_of(known.of_type("libvirt:index/pool:Pool")[0]) == ""
    assert known.deployed == ""


def test_retained_data_keeps_what_it_stands_on_and_nothing_else() -> None:
    keep = retained_with_data(state.parse(exported()))
    assert keep == {LAB, GUEST, PROVIDER, POOL, f"{VOLUME}-data"}


def test_a_state_forgets_what_it_is_told_to() -> None:
    left = state.parse(state.without(exported(), [f"{VOLUME}-root"]))
    assert f"{VOLUME}-root" not in [r.urn for r in left.resources]
    assert len(left.resources) == len(RESOURCES) - 1


def test_what_is_retained_names_nothing_that_goes() -> None:
    data, root = f"{VOLUME}-data", f"{VOLUME}-root"
    waiting = {
        "dependencies": [POOL, root],
        "propertyDependencies": {"pool": [POOL], "size": [root], "name": None},
        "replaceWith": [root],
        "deletedWith": root,
    }
    raw = json.loads(exported())
    (retained,) = (r for r in raw["deployment"]["resources"] if r["urn"] == data)
    retained |= waiting
    (other,) = (r for r in raw["deployment"]["resources"] if r["urn"] == root)
    other["dependencies"] = [POOL]
    cut = json.loads(state.standing_alone(json.dumps(raw), {data, POOL}))
    resources = {r["urn"]: r for r in cut["deployment"]["resources"]}
    assert {key: resources[data].get(key) for key in waiting} == {
        "dependencies": [POOL],
        "propertyDependencies": {"pool": [POOL], "size": [], "name": []},
        "replaceWith": [],
        "deletedWith": None,
    }
    assert resources[root] == other


def lock(backend: Path, pid: int, host: str) -> None:
    folder = backend / ".pulumi/locks/organization/isolab/s"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text(json.dumps({"pid": pid, "hostname": host}))


def test_a_lock_is_stale_when_its_engine_has_ended(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    lock(tmp_path, ended.pid, socket.gethostname())
    (held,) = locks.locks(tmp_path.as_uri(), "s")
    assert held.stale


def test_a_lock_is_stale_when_its_number_is_another_programs_now(tmp_path: Path) -> None:
    lock(tmp_path, os.getpid(), socket.gethostname())
    (held,) = locks.locks(tmp_path.as_uri(), "s")
    assert held.stale


def test_a_lock_of_another_machine_is_not_ours_to_judge(tmp_path: Path) -> None:
    lock(tmp_path, 1, "elsewhere")
    (held,) = locks.locks(tmp_path.as_uri(), "s")
    assert not held.stale


def test_a_lock_of_isolabs_last_engine_is_of_this_machine_whatever_its_name_is_now(
    tmp_path: Path,
) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    lock(tmp_path, ended.pid, "its-name-of-before")
    (held,) = locks.locks(tmp_path.as_uri(), "s", ours=ended.pid)
    assert held.stale
    (held,) = locks.locks(tmp_path.as_uri(), "s", ours=ended.pid + 1)
    assert not held.stale


def test_a_lock_of_another_name_is_told_with_its_file(tmp_path: Path) -> None:
    lock(tmp_path, 1, "elsewhere")
    (held,) = locks.locks(tmp_path.as_uri(), "s")
    said = str(control._busy("s", held))
    assert "process 1 of machine elsewhere" in said
    assert f"rm {held.file}" in said


def test_another_backend_keeps_its_own_locks() -> None:
    assert locks.locks("https://backend.example", "s") == ()


def test_a_stack_takes_the_first_subnet_that_nothing_uses() -> None:
    first, second, *_ = planned.subnets("s")
    assert addresses.first_free("s", []) == first
    inside = IPv4Network(first.replace(".0/24", ".128/25"))
    assert addresses.first_free("s", [inside]) == second


@pytest.mark.slow
def test_a_machine_that_uses_all_of_10_has_room_in_the_other_private_ranges() -> None:
    used = [IPv4Network("10.0.0.0/8")]
    assert IPv4Network(addresses.first_free("s", used)).subnet_of(IPv4Network("172.16.0.0/16"))
    used.append(IPv4Network("172.16.0.0/12"))
    assert IPv4Network(addresses.first_free("s", used)).subnet_of(IPv4Network("192.168.0.0/16"))
    used.append(IPv4Network("192.168.0.0/16"))
    with pytest.raises(addresses.NoSubnetLeft, match=r"10\.64\.0\.0/10 or 172.* or 192.* is free"):
        addresses.first_free("s", used)


@pytest.mark.parametrize("cidr", ["172.16.5.0/24", "192.168.5.0/24"])
def test_no_service_network_meets_a_lab_network_of_the_other_ranges(cidr: str) -> None:
    names = [f"n{number}" for number in range(planned.SERVICE_NETWORK_COUNT)]
    networks = map(IPv4Network, planned.service_subnets(names).values())
    assert not any(network.overlaps(IPv4Network(cidr)) for network in networks)


def test_used_subnets_are_read_from_routes_and_libvirt() -> None:
    routes = json.dumps([{"dst": "default"}, {"dst": "10.70.0.0/16"}, {"dst": "10.80.0.1"}])
    assert [str(network) for network, _ in addresses.routed(routes)] == [
        "10.70.0.0/16",
        "10.80.0.1/32",
    ]
    xml = "<ip address='10.99.0.1' netmask='255.255.255.0'><dhcp/></ip>"
    other = "<ip family='ipv4' address='10.98.0.1' prefix='24'>"
    assert list(map(str, addresses.of_libvirt(xml + other))) == ["10.99.0.0/24", "10.98.0.0/24"]


def test_dockers_listing_tells_state_and_health() -> None:
    listing = (
        "web-1\trunning\tUp 3 minutes (healthy)\n"
        "db-1\trunning\tUp 2 seconds (health: starting)\n"
        "c-1\trunning\tUp 1 hour (unhealthy)\n"
        "d-1\texited\tExited (1) 2 minutes ago\n"
        "e-1\texited\tExited (0) 2 minutes ago\n"
    )
    assert containers(listing) == {
        "web-1": ("running", "healthy"),
        "db-1": ("running", "starting"),
        "c-1": ("running", "unhealthy"),
        "d-1": ("exited", "none"),
        "e-1": ("completed", "none"),
    }


@pytest.mark.parametrize("name", ["", "Ref", "a_b", "-a", "a/b", "a" * 33])
def test_a_stacks_name_is_checked(name: str) -> None:
    with pytest.raises(Failure):
        stacks.checked(name)
