"""Many cycles of change, up, refresh, drift by hand, up: nothing drifted and nothing is left."""

import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import docker_bench
import harness
import libvirt_bench
import pytest
import registry

libvirt = libvirt_bench.libvirt
pytestmark = [libvirt_bench.needed, docker_bench.needed]
PROGRAM = Path(__file__).with_name("soak_program.py").read_text()
OURS = sorted(["fid-a", "fid-dv", "fid-front", "fid-net", "fid-pool", "fid-web"])
VOLUMES = ["fid-base", "fid-root", "fid-seed.iso"]
DONE = re.compile(r"^\s+\S*\s*(\d+) (created|updated|replaced|deleted)$", re.MULTILINE)

CHANGES: tuple[Callable[[int], dict[str, Any]], ...] = (
    lambda n: {"n": n},
    lambda n: {"limit": 32 + n % 7},
    lambda n: {"autostart": n % 2 == 0},
    lambda n: {"peer": f"host-{n}"},
    lambda n: {"hostname": f"guest-{n}"},
    lambda n: {"memory": 32 + n % 5},
    lambda n: {"label": f"label-{n}"},
    lambda n: {"size": 2 + n % 3},
)


def on_libvirt(act: Callable[[Any], Any]) -> None:
    connection = libvirt.open(libvirt_bench.URI)
    try:
        act(connection)
    finally:
        connection.close()


def undefined(connection: Any) -> None:
    domain = connection.lookupByName("fid-a")
    domain.destroy()
    domain.undefine()


def without_disk(connection: Any) -> None:
    connection.lookupByName("fid-a").destroy()
    connection.storagePoolLookupByName("fid-pool").storageVolLookupByName("fid-root").delete()


DRIFTS: dict[str, Callable[[], Any]] = {
    "container stopped": lambda: docker.from_env().containers.get("fid-web").stop(timeout=0),
    "domain stopped": lambda: on_libvirt(lambda it: it.lookupByName("fid-a").destroy()),
    "container removed": lambda: docker.from_env().containers.get("fid-web").remove(force=True),
    "container's memory changed": lambda: (
        docker.from_env().containers.get("fid-web").update(mem_limit="48m", memswap_limit="48m")
    ),
    "domain undefined": lambda: on_libvirt(undefined),
    "domain set to start by itself": lambda: on_libvirt(
        lambda it: it.lookupByName("fid-a").setAutostart(not it.lookupByName("fid-a").autostart())
    ),
    "disk deleted": lambda: on_libvirt(without_disk),
}


@pytest.fixture
def bench(images: registry.Registry) -> Iterator[harness.Bench]:
    folder = Path(tempfile.mkdtemp(prefix="isolab-soak-"))
    folder.chmod(0o755)
    source = folder / "base.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", source, "1G"], check=True)
    made = harness.Bench(folder / "bench", PROGRAM, ["libvirt", "docker"])
    place = {"docker": docker_bench.SOCKET, "image": f"{images.address}/tiny:1"}
    made.place({**place, "path": str(folder / "pool"), "source": str(source)})
    try:
        made.up()
        yield made
    finally:
        made.destroy()
    assert what_there_is() == []
    assert not (folder / "pool").exists()
    shutil.rmtree(folder)


def what_there_is() -> list[str]:
    return sorted([*libvirt_bench.what_there_is(), *docker_bench.what_there_is()])


def volumes() -> list[str]:
    found: list[str] = []
    on_libvirt(lambda it: found.extend(it.storagePoolLookupByName("fid-pool").listVolumes()))
    return sorted(found)


def soak(bench: harness.Bench, cycles: int) -> Counter[str]:
    """Goes through the cycles; how much was done."""
    counts: Counter[str] = Counter()
    scenario: dict[str, Any] = {}
    began = time.monotonic()

    def count(done: harness.Outcome) -> None:
        for number, what in DONE.findall(done.output):
            counts[what] += int(number)

    for cycle in range(cycles):
        scenario |= CHANGES[cycle % len(CHANGES)](cycle)
        bench.scenario(scenario)
        count(bench.up())
        bench.refresh()
        what, drift = tuple(DRIFTS.items())[cycle % len(DRIFTS)]
        drift()
        count(bench.must(*harness.UP, "--refresh"))
        assert bench.preview() == [], f"cycle {cycle}, after «{what}»"
        assert what_there_is() == OURS, f"cycle {cycle}, after «{what}»"
        assert volumes() == VOLUMES, f"cycle {cycle}, after «{what}»"
        counts["cycles"] += 1
    counts["seconds"] = round(time.monotonic() - began)
    return counts


def test_a_few_cycles_leave_no_drift_and_no_orphan(bench: harness.Bench) -> None:
    assert soak(bench, 3)["cycles"] == 3


@pytest.mark.long
def test_fifty_cycles_leave_no_drift_and_no_orphan(
    bench: harness.Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = soak(bench, 50)
    with capsys.disabled():
        print("\n" + ", ".join(f"{number} {what}" for what, number in sorted(counts.items())))
    assert counts["cycles"] == 50
