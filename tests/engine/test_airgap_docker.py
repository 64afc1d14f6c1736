"""The plugin `docker` on the real engine and a real daemon, held against the records."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import docker_bench
import harness
import pytest
import registry
import sshd
from docker_bench import OTHER_PLACE, new_bench, over_ssh, what_there_is

pytestmark = docker_bench.needed


States = dict[str, dict[str, Any]]
MEMORY_SWAP = {"memorySwap": {"kind": "delete", "inputDiff": False}}


@pytest.fixture(scope="module")
def bench(
    images: registry.Registry, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[harness.Bench]:
    folder = tmp_path_factory.mktemp("docker") / "bench"
    with docker_bench.up(folder, images, as_recorded=True) as made:
        yield made


def settle(bench: harness.Bench) -> None:
    """A first up makes, a second one takes back what was read in another form."""
    bench.up()
    bench.up()


def bare(value: Any) -> Any:
    """Inputs without the names of their defaults, of which a refresh keeps only some."""
    if isinstance(value, list):
        return [bare(each) for each in value]
    if isinstance(value, dict):
        return {name: bare(each) for name, each in value.items() if name != "__defaults"}
    return value


@pytest.fixture(scope="module")
def states(bench: harness.Bench) -> States:
    """The program's state at each of the moments that are on record, in their order."""
    told = {"up": bench.resources()}
    bench.up()
    told["second up"] = bench.resources()
    bench.refresh()
    told["refresh"] = bench.resources()
    bench.destroy()
    settle(bench)
    return told


@pytest.mark.parametrize("moment", ["up", "second up", "refresh"])
def test_the_state_is_that_of_the_official_plugin(
    moment: str, states: States, images: registry.Registry
) -> None:
    ours = {each["type"]: each for each in states[moment].values()}
    theirs = {each["type"]: each for each in harness.record("docker-state.json")[moment]}
    text = json.dumps(list(theirs.values())).replace("127.0.0.1:5000", images.address)
    text = text.replace("/var/lib/docker", images.client.info()["DockerRootDir"])
    image = "docker:index/remoteImage:RemoteImage"
    for name in ("imageId", "repoDigest"):
        was = theirs[image]["outputs"][name].removeprefix("127.0.0.1:5000/")
        text = text.replace(was, ours[image]["outputs"][name].removeprefix(f"{images.address}/"))
    for kind in ("network:Network", "container:Container"):
        kind = f"docker:index/{kind}"
        text = text.replace(theirs[kind]["id"], ours[kind]["id"])
    for each in json.loads(text):
        assert ours[each["type"]]["id"] == each["id"]
        compared = bare if moment == "refresh" else dict
        assert compared(ours[each["type"]]["inputs"]) == compared(each["inputs"])
        assert ours[each["type"]]["outputs"] == each["outputs"]


def test_a_second_up_proposes_what_was_read_back_in_another_form(
    images: registry.Registry, tmp_path: Path, bench: harness.Bench
) -> None:
    bench.destroy()
    bench.up()
    (step,) = bench.preview()
    assert (step["op"], step["detailedDiff"]) == ("update", MEMORY_SWAP)
    bench.up()
    assert bench.preview() == []
    bench.refresh()
    (step,) = bench.preview()
    assert step["replaceReasons"] == ["capabilities"]
    settle(bench)
    assert bench.preview() == []


@pytest.mark.parametrize(
    "change", harness.record("docker-changes.json"), ids=lambda c: c["scenario"]
)
def test_a_change_is_told_as_the_official_plugin_tells_it(
    bench: harness.Bench, change: dict[str, Any]
) -> None:
    bench.replay(change)


def test_memory_is_changed_in_place_and_an_environment_is_not(bench: harness.Bench) -> None:
    client = docker.from_env()
    before = client.containers.get("fid-web").id
    bench.scenario({"mem": 96, "restart": "always"})
    bench.up()
    told = client.containers.get("fid-web")
    assert told.id == before
    assert told.attrs["HostConfig"]["Memory"] == 96 * 2**20
    assert bench.preview() == []
    bench.scenario({"envs": ["A=2"], "cpus": "0.5"})
    settle(bench)
    told = client.containers.get("fid-web")
    assert told.id != before
    assert "A=2" in told.attrs["Config"]["Env"]
    assert told.attrs["HostConfig"]["NanoCpus"] == 500_000_000
    assert bench.preview() == []
    bench.scenario({})
    bench.up()


def test_a_secret_stays_one_in_state_and_diff(bench: harness.Bench) -> None:
    as_read = {"swap": 64, "adds": ["CAP_NET_BIND_SERVICE"]}
    bench.keeps_secret("A=hidden-one", "A=hidden-two", **as_read)
    settle(bench)


def test_variables_that_become_a_secret_replace_nothing(bench: harness.Bench) -> None:
    bench.scenario({})
    settle(bench)
    before = docker.from_env().containers.get("fid-web").id
    bench.scenario({"secret": "A=1"})
    assert bench.preview() == []
    bench.up()
    assert docker.from_env().containers.get("fid-web").id == before
    bench.scenario({})
    bench.up()


def test_a_removed_container_is_made_again(bench: harness.Bench) -> None:
    docker.from_env().containers.get("fid-web").remove(force=True)
    bench.refresh()
    assert {step["name"]: step["op"] for step in bench.preview()} == {"web": "create"}
    settle(bench)
    assert bench.preview() == []


def test_a_stopped_container_is_started_again(bench: harness.Bench) -> None:
    client = docker.from_env()
    client.containers.get("fid-web").stop(timeout=1)
    bench.refresh()
    assert [step["name"] for step in bench.preview()] == ["web"]
    settle(bench)
    assert client.containers.get("fid-web").status == "running"
    assert bench.preview() == []


def test_an_image_that_is_not_there_is_named(
    bench: harness.Bench, images: registry.Registry
) -> None:
    bench.scenario({"image": "127.0.0.1:5000/absent:1"})
    said = bench.failing_up()
    assert f"unable to pull image {images.address}/absent:1" in said
    assert "manifest unknown" in said
    bench.scenario({})
    bench.up()


def test_a_container_that_never_gets_healthy_fails_and_is_mended(bench: harness.Bench) -> None:
    bench.scenario({"health": "false", "label": "z"})
    assert "healthy state" in bench.failing_up()
    bench.scenario({})
    settle(bench)
    assert docker.from_env().containers.get("fid-web").attrs["State"]["Health"]["Status"] == (
        "healthy"
    )
    assert bench.preview() == []


def test_things_that_are_gone_already_are_deleted(
    images: registry.Registry, bench: harness.Bench
) -> None:
    bench.destroy()
    bench.up()
    client = docker.from_env()
    client.containers.get("fid-web").remove(force=True)
    client.networks.get("fid-dn").remove()
    client.volumes.get("fid-dv").remove()
    bench.destroy()
    assert what_there_is() == []
    bench.up()


@pytest.mark.airgap("one connection a provider is its own")
def test_thirty_two_containers_come_over_one_ssh(
    images: registry.Registry, guest: sshd.Server, tmp_path: Path
) -> None:
    bench = new_bench(tmp_path / "bench", images, OTHER_PLACE, **over_ssh(guest))
    bench.scenario({"container": False, "many": 32})
    log = guest.folder / "log"
    before = log.read_text().count("Accepted publickey")
    try:
        began = time.monotonic()
        bench.up()
        took = time.monotonic() - began
        assert log.read_text().count("Accepted publickey") == before + 1
        assert len([name for name in what_there_is() if "many" in name]) == 32
        assert bench.preview() == []
        # Neither a preview nor the provider's configuration dials.
        assert log.read_text().count("Accepted publickey") == before + 1
        bench.refresh()
        assert bench.preview() == []
    finally:
        bench.destroy()
    assert [name for name in what_there_is() if "many" in name] == []
    assert took < 120


@pytest.mark.airgap("the words of the error are its own")
def test_a_guest_that_does_not_answer_is_named(
    images: registry.Registry, guest: sshd.Server, tmp_path: Path
) -> None:
    nobody = {**over_ssh(guest), "host": f"ssh://root@127.0.0.1:{sshd.free_port()}"}
    bench = new_bench(tmp_path / "bench", images, OTHER_PLACE, **nobody)
    bench.scenario({"container": False})
    assert bench.preview() != []  # that needs no guest
    said = bench.failing_up()
    assert nobody["host"] in said
    assert "Connection refused" in said
    bench.destroy()


@pytest.mark.airgap("asks its connection without an engine")
def test_a_guest_that_is_lost_is_named(guest: sshd.Server) -> None:
    from airgap.docker.connection import Connection
    from airgap.framework import Failure

    provider = over_ssh(guest)
    connection = Connection.open({"host": provider["host"], "sshOpts": provider["ssh_opts"]})
    try:
        assert connection.api.ping()
        guest.stop()
        with pytest.raises(Failure, match=r"127\.0\.0\.1"), connection.told("unable to look"):
            connection.api.ping()
    finally:
        connection.close()
        guest.start()
