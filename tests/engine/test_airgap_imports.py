"""Resources that are there already are taken into a stack, by the program or by hand."""

from pathlib import Path
from typing import Any

import docker_bench
import harness
import libvirt_bench
import pytest
import registry

pytestmark = pytest.mark.airgap("what cannot be read back is taken as the program says")

KINDS = {
    "pool": "libvirt:index/pool:Pool",
    "base": "libvirt:index/volume:Volume",
    "net": "libvirt:index/network:Network",
    "seed": "libvirt:index/cloudInitDisk:CloudInitDisk",
    "dom": "libvirt:index/domain:Domain",
    "dn": "docker:index/network:Network",
    "dv": "docker:index/volume:Volume",
    "im": "docker:index/remoteImage:RemoteImage",
    "web": "docker:index/container:Container",
}


def made_by(bench: harness.Bench, plugin: str) -> dict[str, str]:
    """The ids of what a plugin made, by name."""
    found = bench.resources().items()
    return {name: each["id"] for name, each in found if each["type"].startswith(f"{plugin}:")}


def check_imports(bench: harness.Bench, ids: dict[str, str], change: dict[str, Any]) -> None:
    """Everything is taken in twice, and is then the stack's as if the stack had made it."""
    before = {name: each["outputs"] for name, each in bench.resources().items() if name in ids}
    bench.forget()
    bench.scenario({"options": {name: {"import_": id} for name, id in ids.items()}})
    bench.up()
    bench.scenario({})
    assert bench.preview() == []
    bench.refresh()
    assert bench.preview() == []
    bench.up()
    bench.refresh()
    assert bench.preview() == []
    assert {name: bench.resources()[name]["id"] for name in ids} == ids
    after = {name: each["outputs"] for name, each in bench.resources().items() if name in ids}
    for name in ids:
        assert set(after[name]) == set(before[name]), name
    bench.replay(change)
    bench.forget()
    for name, id in ids.items():
        if name in KINDS:
            done = bench.must(
                "import", KINDS[name], name, id, "--yes", "--protect=false",
                "--generate-code=false", "--non-interactive", "--stack", "test",
            )  # fmt: skip
            assert "failed to validate" not in done.text


def record(name: str, scenario: str) -> dict[str, Any]:
    return next(each for each in harness.record(name) if each["scenario"] == scenario)


@libvirt_bench.needed
def test_what_libvirt_has_is_imported() -> None:
    with libvirt_bench.up() as bench:
        ids = made_by(bench, "libvirt")
        check_imports(bench, ids, record("libvirt-changes.json", "domain-memory"))
        bench.forget()
        bench.scenario({"options": {name: {"import_": id} for name, id in ids.items()}})
        bench.up()


@docker_bench.needed
def test_what_docker_has_is_imported(images: registry.Registry, tmp_path: Path) -> None:
    with docker_bench.up(tmp_path / "bench", images) as bench:
        ids = made_by(bench, "docker")
        check_imports(bench, ids, record("docker-changes.json", "container-envs"))
        bench.forget()
        bench.scenario({"options": {name: {"import_": id} for name, id in ids.items()}})
        bench.up()


@libvirt_bench.needed
@pytest.mark.parametrize("name", ["pool", "net"])
def test_an_import_of_what_is_not_there_says_so(tmp_path: Path, name: str) -> None:
    bench = libvirt_bench.new_bench(tmp_path)
    absent = "00000000-0000-4000-8000-000000000000"
    done = bench.run(
        "import", KINDS[name], name, absent, "--yes", "--non-interactive", "-s", "test"
    )
    assert done.code != 0
    assert absent in done.text
    assert "does not exist" in done.text
