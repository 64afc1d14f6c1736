"""The libvirt plugin on the real engine and the real libvirt, held against the official records."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import harness
import libvirt_bench
import pytest
from libvirt_bench import what_there_is

libvirt = libvirt_bench.libvirt
URI = libvirt_bench.URI
MOVING = {"allocation", "available", "capacity"}
"""What differs from machine to machine."""

pytestmark = libvirt_bench.needed


@pytest.fixture(scope="module")
def bench() -> Iterator[harness.Bench]:
    with libvirt_bench.up() as made:
        yield made


def normalised(value: Any, folder: Path) -> Any:
    """Paths and random ids as the records have them."""
    text = json.dumps(value).replace(str(folder / "pool"), "/POOL")
    text = text.replace(str(folder / "base.qcow2"), "/SRC/base.qcow2")
    return json.loads(text)


def by_name(resources: Any) -> dict[str, Any]:
    return {each["outputs"]["name"]: each for each in resources}


def test_the_state_is_that_of_the_official_plugin(bench: harness.Bench) -> None:
    folder = bench.folder.parent
    ours = [each for each in bench.resources().values() if each["type"].startswith("libvirt:")]
    ours = normalised(ours, folder)
    theirs = harness.record("libvirt-state.json")
    ids = {by_name(theirs)[name]["id"]: each["id"] for name, each in by_name(ours).items()}
    text = json.dumps(theirs)
    for recorded, present in ids.items():
        text = text.replace(recorded, present)
    expected = by_name(json.loads(text))
    for name, each in by_name(ours).items():
        for state in (each, expected[name]):
            for interface in state["outputs"].get("networkInterfaces", []):
                del interface["addresses"]  # what a guest has asked for, and this one has no system
        for part in ("inputs", "outputs"):
            compared = {key: value for key, value in each[part].items() if key not in MOVING}
            wanted = {k: v for k, v in expected[name][part].items() if k not in MOVING}
            assert compared == wanted, f"{part} of {name}"


def test_a_second_up_and_a_refresh_propose_nothing(bench: harness.Bench) -> None:
    assert bench.preview() == []
    bench.refresh()
    assert bench.preview() == []


@pytest.mark.parametrize(
    "change", harness.record("libvirt-changes.json"), ids=lambda c: c["scenario"]
)
def test_a_change_is_told_as_the_official_plugin_tells_it(
    bench: harness.Bench, change: dict[str, Any]
) -> None:
    bench.replay(change)


def test_changes_in_place_leave_the_domain_running(bench: harness.Bench) -> None:
    connection = libvirt.open(URI)
    before = connection.lookupByName("fid-a").ID()
    hosts = [{"hostname": "b.fid.lan", "ip": "10.77.1.12"}]
    bench.scenario({"autostart": False, "user_data": "#cloud-config\nhostname: b\n", "dns": hosts})
    bench.up()
    assert bench.preview() == []
    domain = connection.lookupByName("fid-a")
    assert domain.ID() == before
    assert not domain.autostart()
    network = connection.networkLookupByName("fid-net").XMLDesc()
    assert "b.fid.lan" in network
    assert "a.fid.lan" not in network
    bench.scenario({})
    bench.up()


def test_a_secret_stays_one_in_state_and_diff(bench: harness.Bench) -> None:
    bench.keeps_secret("hidden-one", "hidden-two")


def test_a_stopped_domain_is_started_again(bench: harness.Bench) -> None:
    connection = libvirt.open(URI)
    connection.lookupByName("fid-a").destroy()
    bench.refresh()
    (step,) = bench.preview()
    assert (step["name"], step["op"], step["diffReasons"]) == (
        "dom",
        "update",
        ["running"],
    )
    bench.up()
    assert connection.lookupByName("fid-a").isActive()


def test_what_was_removed_by_hand_is_made_again(bench: harness.Bench) -> None:
    connection = libvirt.open(URI)
    domain = connection.lookupByName("fid-a")
    domain.destroy()
    domain.undefine()
    connection.storagePoolLookupByName("fid-pool").storageVolLookupByName("fid-data").delete()
    bench.refresh()
    assert {step["name"]: step["op"] for step in bench.preview()} == {
        "data": "create",
        "dom": "create",
    }
    bench.up()
    assert bench.preview() == []


@pytest.mark.airgap("the words of the error are its own")
def test_a_missing_source_is_one_clear_line(bench: harness.Bench) -> None:
    bench.scenario({"source": "/nonexistent.qcow2"})
    said = bench.failing_up()
    bench.scenario({})
    assert "the image /nonexistent.qcow2 cannot be read: No such file or directory" in said
    bench.up()
    assert bench.preview() == []


@pytest.mark.airgap("what a killed engine left is removed by its plugins alone")
def test_an_engine_killed_while_creating_leaves_nothing_in_the_way(
    bench: harness.Bench,
) -> None:
    bench.destroy()
    bench.interrupted_up(lambda: bool(what_there_is()), signal.SIGKILL)
    bench.run("cancel", "--yes", "--stack", "test")
    bench.refresh()
    bench.up()
    assert bench.preview() == []
