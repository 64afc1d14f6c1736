"""Options of resources: what is ignored, what replaces, how long an operation may take."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import command_bench
import docker_bench
import harness
import libvirt_bench
import pytest
import registry
import sshd

GIB = 2**30


@pytest.fixture(scope="module")
def libvirt(request: pytest.FixtureRequest) -> Iterator[harness.Bench]:
    with libvirt_bench.up() as made:
        yield made


@pytest.fixture(scope="module")
def docker(
    images: registry.Registry, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[harness.Bench]:
    with docker_bench.up(tmp_path_factory.mktemp("docker") / "bench", images) as made:
        yield made


@pytest.fixture(scope="module")
def command(
    guest: sshd.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[harness.Bench]:
    with command_bench.ready(tmp_path_factory.mktemp("command") / "bench", guest) as made:
        made.up()
        yield made


DNS = [{"hostname": "b.fid.lan", "ip": "10.77.1.12"}]
CHANGES: dict[str, dict[str, Any]] = {
    "libvirt": {
        "size": 3 * GIB,
        "user_data": "#cloud-config\nhostname: b\n",
        "dns": DNS,
        "dom_memory": 192,
        "autostart": False,
    },
    "docker": {"internal": True, "keep": False, "mem": 96, "envs": ["A=2"]},
    "command": {"create": "echo other", "here": "echo other"},
}
CHANGED: dict[str, dict[str, list[str]]] = {
    "libvirt": {
        "root": ["size"],
        "seed": ["userData"],
        "net": ["dns.hosts"],
        "dom": ["memory", "autostart"],
    },
    "docker": {"dn": ["internal"], "im": ["keepLocally"], "web": ["memory", "envs[0]"]},
    "command": {"ready": ["create"], "here": ["create"]},
}
each_plugin = pytest.mark.parametrize("plugin", CHANGES)


def previewed(bench: harness.Bench, scenario: dict[str, Any]) -> dict[str, str]:
    """What would be done, by name."""
    bench.scenario(scenario)
    try:
        return {step["name"]: step["op"] for step in bench.preview()}
    finally:
        bench.scenario({})


@each_plugin
def test_ignored_changes_are_none(request: pytest.FixtureRequest, plugin: str) -> None:
    bench, changed = request.getfixturevalue(plugin), CHANGED[plugin]
    assert set(previewed(bench, CHANGES[plugin])) == set(changed)
    options = {name: {"ignore_changes": paths} for name, paths in changed.items()}
    assert previewed(bench, {**CHANGES[plugin], "options": options}) == {}


@each_plugin
def test_changes_replace_where_the_program_says_so(
    request: pytest.FixtureRequest, plugin: str
) -> None:
    bench, changed = request.getfixturevalue(plugin), CHANGED[plugin]
    options = {
        name: {"replace_on_changes": [re.split(r"[.[]", path)[0] for path in paths]}
        for name, paths in changed.items()
    }
    told = previewed(bench, {**CHANGES[plugin], "options": options})
    assert told == dict.fromkeys(changed, "replace")


def failed_within(bench: harness.Bench, scenario: dict[str, Any]) -> tuple[str, float]:
    bench.scenario(scenario)
    began = time.monotonic()
    try:
        return bench.failing_up(), time.monotonic() - began
    finally:
        bench.scenario({})


@pytest.mark.airgap("customTimeouts end every wait of its plugins")
def test_a_container_has_the_time_that_the_program_gives(docker: harness.Bench) -> None:
    options = {"web": {"custom_timeouts": {"create": "2s", "update": "2s"}}}
    said, took = failed_within(docker, {"health": "false", "label": "z", "options": options})
    assert "timed out after 2 s while container fid-web was" in said
    assert took < 20  # and not the 20 s of its own wait on top
    docker.up()
    assert docker.preview() == []


@pytest.mark.airgap("customTimeouts end every wait of its plugins")
@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("ready", {"dials": 1000}, "timed out after 2 s while waiting for 127.0.0.1"),
        ("ready", {"create": "sleep 60"}, "timed out after 2 s while a command ran on 127.0.0.1"),
        ("here", {"here": "sleep 60"}, "timed out after 2 s while a command ran here"),
    ],
)
def test_a_command_has_the_time_that_the_program_gives(
    command: harness.Bench, name: str, change: dict[str, Any], words: str
) -> None:
    options = {name: {"custom_timeouts": {"create": "2s", "update": "2s"}}}
    port = {"port": sshd.free_port()} if "dials" in change else {}
    said, _ = failed_within(command, {**change, **port, "triggers": [words], "options": options})
    assert words in said


@pytest.mark.airgap("customTimeouts end every wait of its plugins")
def test_a_deletion_has_the_time_that_the_program_gives(guest: sshd.Server, tmp_path: Path) -> None:
    with command_bench.ready(tmp_path / "bench", guest) as bench:
        options = {"ready": {"custom_timeouts": {"delete": "2s"}}}
        bench.scenario({"delete": "sleep 60", "options": options})
        bench.up()
        done = bench.run("destroy", "--yes", "--skip-preview", "--non-interactive", "-s", "test")
        assert "timed out after 2 s while a command ran on 127.0.0.1" in done.output
        bench.scenario({})
        bench.up()
