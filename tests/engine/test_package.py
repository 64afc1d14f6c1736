"""The package `isolab` on the real engine, from a program that is not isolab's own."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import docker_bench
import harness
import libvirt_bench
import pytest
import registry
import sshd

from isolab.plan import secrets
from machine import sandbox
from machine.images import guest_image, service_catalog

REPO = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("package_program.py").read_text()
REFERENCE = str(REPO / "stacks" / "reference.yaml")
SHOP = f"name: shop\nruntime: python\npackages:\n  isolab: {REPO}/package\n"
PREVIEW = ("preview", "--json", "--non-interactive", "--stack", "test")
pytestmark = [
    docker_bench.needed,
    libvirt_bench.needed,
    pytest.mark.skipif(not sandbox.inside(), reason="needs addresses and folders of its own"),
    pytest.mark.skipif(
        guest_image.find() is None or not service_catalog.read(),
        reason="needs the images of guests and services",
    ),
    pytest.mark.skipif(not (REPO / ".venv").exists(), reason="needs the environment of ./lab"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> harness.Bench:
    """The consumer, on this machine as it is."""
    folder = tmp_path_factory.mktemp("package")
    made = harness.Bench(
        folder / "bench", PROGRAM, ["libvirt", "docker", "command"], project="shop"
    )
    made.environment["ISOLAB_HOME"] = str(folder / "home")
    made.place({})
    (folder / "bench" / "project" / "Pulumi.yaml").write_text(SHOP)
    return made


def seen(bench: harness.Bench) -> Any:
    """The outputs that the program knew in its last run."""
    return json.loads((bench.folder / "project" / "seen.json").read_text())


def test_a_lab_is_previewed_in_somebody_elses_program(shop: harness.Bench) -> None:
    shop.scenario({"inputs": {"file": REFERENCE, "overrides": {"guests": {"app": {"count": 2}}}}})
    done = shop.must(*PREVIEW)
    steps = {each["urn"].rsplit("::", 1)[-1]: each for each in json.loads(done.output)["steps"]}
    assert {"lab", "lab-host-network", "app-1-domain", "app-2-domain", "web-1"} <= steps.keys()
    domain = steps["app-2-domain"]["newState"]
    assert domain["inputs"]["name"] == "isolab-test-app-2"
    assert seen(shop)["endpoints"]["web"].startswith("http://10.")
    assert set(seen(shop)["addresses"]) == {"app-1", "app-2"}


@pytest.mark.long
def test_a_broken_lab_file_is_told_with_its_line(shop: harness.Bench) -> None:
    shop.scenario({"inputs": {"content": "services: {web: {image: 'a:1', port: 1}}"}})
    done = shop.run("preview", "--non-interactive", "--stack", "test")
    assert done.code != 0
    assert "lab.yaml:1:32: services.web.port" in done.text
    assert "package/lab.py" not in done.text


OWN = f"""
import runpy, sys

sys.path.insert(0, {str(REPO)!r})
runpy.run_path({str(REPO / "__main__.py")!r}, run_name="__main__")
"""


@pytest.mark.long
def test_it_previews_what_isolabs_own_program_previews(shop: harness.Bench, tmp_path: Path) -> None:
    """Resource by resource: the same parents, names and inputs."""
    own = harness.Bench(tmp_path / "own", OWN, ["libvirt", "docker", "command"], project="isolab")
    own.environment["ISOLAB_HOME"] = shop.environment["ISOLAB_HOME"]
    own.must("config", "set", "isolab:lab", "reference", "--stack", "test")
    own.must("config", "set", "--secret", "isolab:seed", "5eed" * 16, "--stack", "test")
    shop.scenario({"name": "test", "inputs": {"file": "reference"}})
    found: list[dict[str, Any]] = []
    for bench in (own, shop):
        steps = json.loads(bench.must(*PREVIEW).output)["steps"]
        found.append(
            {
                step["urn"].split("::", 2)[2]: step["newState"].get("inputs")
                for step in steps
                if step["newState"]["type"] != "pulumi:pulumi:Stack"
            }
        )
    assert found[0] and found[0] == found[1]


@pytest.fixture
def empty(
    shop: harness.Bench,
    images: registry.Registry,
    guest: sshd.Server,
    tmp_path: Path,
) -> Iterator[harness.Bench]:
    """The consumer where a guest's containers and files are nobody else's; empty again after."""
    disk, files = tmp_path / "disk.qcow2", Path("/var/lib/isolab")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(disk), "64M"], check=True)
    files.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(files)], check=True)
    client = docker.from_env()
    tiny = client.images.pull(f"{images.address}/tiny", tag="1")
    tiny.tag("isolab-test-registry", "1")
    shop.place(
        {
            "docker": docker_bench.SOCKET,
            "registry": images.address,
            "image": tiny.id,
            "folder": str(tmp_path),
            "disk": str(disk),
            "connection": {
                "host": "127.0.0.1",
                "port": guest.port,
                "user": guest.user,
                "privateKey": guest.key("client"),
                "hostKey": guest.key("host.pub"),
            },
        }
    )
    try:
        yield shop
        shop.destroy()
        # A destroy leaves it to the guest's disk, on which it would lie.
        for container in client.containers.list(all=True):
            container.remove(force=True)
        client.networks.prune()
        client.volumes.prune()
    finally:
        shop.place({})
        subprocess.run(["umount", str(files)], check=True)


@pytest.mark.long
def test_a_lab_is_deployed_changed_and_removed_from_somebody_elses_program(
    empty: harness.Bench,
) -> None:
    inputs = {"file": REFERENCE, "cidr": "10.99.7.0/24"}
    empty.scenario({"inputs": inputs})
    assert empty.preview()
    (address,) = seen(empty)["addresses"].values()
    words = ["ip", "address", "replace", f"{address}/32", "dev", "lo"]
    subprocess.run(words, check=True)
    empty.up()
    made = empty.resources()
    assert {made[name]["type"] for name in ("lab", "app-1", "web-1")} == {
        "isolab:index:Lab",
        "isolab:index:Guest",
        "docker:index/container:Container",
    }
    assert made["app-1-domain"]["outputs"]["name"] == "isolab-test-app-1"
    state = empty.must("stack", "export", "--stack", "test").output
    assert "5eed" * 16 not in state and "PRIVATE KEY" not in state
    assert empty.preview() == []
    empty.refresh()
    assert empty.preview() == []
    over = {"services": {"web": {"environment": {"WORD": "changed"}}}}
    empty.scenario({"inputs": {**inputs, "overrides": over}})
    assert {step["name"] for step in empty.preview()} >= {"web-1"}
    assert not any(step["name"].startswith("db-") for step in empty.preview())
    empty.up()
    assert empty.preview() == []
    (web,) = (c for c in docker.from_env().containers.list() if c.name == "web-1")
    assert "WORD=changed" in web.attrs["Config"]["Env"]


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[harness.Bench]:
    """A consumer whose service's files are nobody else's; nothing is left of it."""
    program = Path(__file__).with_name("package_service_program.py").read_text()
    bench = harness.Bench(tmp_path / "bench", program, ["docker", "command"], project="shop")
    bench.environment["ISOLAB_HOME"] = str(tmp_path / "home")
    (tmp_path / "bench" / "project" / "Pulumi.yaml").write_text(SHOP)
    files = Path("/var/lib/isolab")
    files.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(files)], check=True)
    try:
        yield bench
        bench.destroy()
        docker.from_env().volumes.get("data").remove()
    finally:
        subprocess.run(["umount", str(files)], check=True)


@pytest.mark.long
def test_a_service_is_deployed_changed_and_removed_on_a_docker_over_ssh(
    alone: harness.Bench, images: registry.Registry, guest: sshd.Server
) -> None:
    def wanted(**definition: Any) -> dict[str, Any]:
        options = {
            "IdentityFile": str(guest.folder / "client"), "UserKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "no", "IdentitiesOnly": "yes",
        }  # fmt: skip
        given = {
            "image": f"{images.address}/tiny:1", "ports": ["18080:8080"], "init": True,
            "entrypoint": ["/bin/busybox", "sleep", "900"], "secrets": ["word"],
            "volumes": ["data:/data"], **definition,
        }  # fmt: skip
        return {
            "key": guest.key("client"),
            "way": [word for name, value in options.items() for word in ("-o", f"{name}={value}")],
            "inputs": {
                "definition": given,
                "secrets": {"word": {"external": True}},
                "volumes": {"data": {}},
                "dockerHost": f"ssh://{guest.user}@127.0.0.1:{guest.port}",
                "hostKey": guest.key("host.pub"),
            },
        }

    def container() -> Any:
        return docker.from_env().containers.get("web-1")

    alone.scenario(wanted())
    assert {step["op"] for step in alone.preview()} == {"create"}
    alone.up()
    word = secrets.password("5eed" * 16, "word")
    assert (
        container().exec_run(["/bin/busybox", "cat", "/run/secrets/word"]).output.decode() == word
    )
    assert container().ports["8080/tcp"][0]["HostPort"] == "18080"
    assert alone.preview() == []
    alone.refresh()
    assert alone.preview() == []
    state = alone.must("stack", "export", "--stack", "test").output
    assert word not in state and "PRIVATE KEY" not in state and "5eed" * 16 not in state
    before = container().id
    alone.scenario(wanted(environment={"WORD": "new"}))
    assert [step["name"] for step in alone.preview()] == ["web-1"]
    alone.up()
    assert "WORD=new" in container().attrs["Config"]["Env"] and container().id != before
    assert alone.preview() == []
    alone.scenario({})
    alone.up()
    assert not docker.from_env().containers.list(all=True, filters={"name": "web-1"})
    assert [v.name for v in docker.from_env().volumes.list() if v.name == "data"], "it is retained"
