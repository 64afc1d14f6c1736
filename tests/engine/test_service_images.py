"""The service images on a real dockerd, locked in as tightly as a lab runs them."""

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from machine.host import docker_cli
from machine.host.docker_cli import docker
from machine.images import (
    preload,
    registry,
    registry_storage,
    registry_view,
    service_catalog,
    service_images,
)

pytestmark = pytest.mark.engine

PASSWORD = 'it\'s a \\ "pass`word" %s'
LOCKED = (
    "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true",
    "--tmpfs", "/tmp", "--pids-limit", "64",
)  # fmt: skip
TIMEOUT = 30


@pytest.fixture(scope="module")
def images() -> None:
    """All images in this dockerd: from the registry's storage where it has none yet."""
    service_images.ensure(print)
    with registry.serving(service_images.load_registry_image()) as address:
        for name, digest in service_images.digests().items():
            if docker_cli.image_id(name) is None:
                registry.pull(name, digest, address, tag=name)


@pytest.fixture(scope="module")
def lab(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database and a web application on an internal network; the prefix of their names."""
    prefix = f"isolab-test-{uuid4().hex[:8]}"
    secret = tmp_path_factory.mktemp("secret") / "db_password"
    secret.write_text(PASSWORD)
    secret.chmod(0o444)
    mounted = f"{secret}:/run/secrets/db_password:ro"
    docker("network", "create", "--internal", prefix)
    try:
        docker(
            "run", "--detach", "--name", f"{prefix}-db", *LOCKED, "--tmpfs", "/run/mysqld",
            "--network", prefix, "--network-alias", "db", "--memory", "192m",
            "--volume", f"{prefix}:/var/lib/mysql", "--volume", mounted,
            "--env", "MARIADB_DATABASE=guestbook", "--env", "MARIADB_USER=guestbook",
            "--env", "MARIADB_PASSWORD_FILE=/run/secrets/db_password",
            "isolab/mariadb:1",
        )  # fmt: skip
        docker(
            "run", "--detach", "--name", f"{prefix}-web", *LOCKED,
            "--network", prefix, "--memory", "128m", "--volume", mounted,
            "--env", "ISOLAB_GUEST=app-1", "--env", "ISOLAB_REPLICA=web-1",
            "isolab/guestbook:1",
        )  # fmt: skip
        until(lambda: healthy(f"{prefix}-web"))
        yield prefix
    finally:
        docker("rm", "--force", "--volumes", f"{prefix}-db", f"{prefix}-web")
        docker("volume", "rm", "--force", prefix)
        docker("network", "rm", prefix)


def test_an_entry_survives_a_new_database_container_on_the_same_volume(
    lab: str,
) -> None:
    post(lab, "it stays")
    docker("restart", f"{lab}-db")
    until(lambda: healthy(f"{lab}-web"))
    assert [entry["text"] for entry in entries(lab)] == ["it stays"]


def test_the_application_tells_alive_from_database_reachable(lab: str) -> None:
    docker("stop", f"{lab}-db")
    try:
        assert not healthy(f"{lab}-web")
        assert healthy(f"{lab}-web", "/livez")
    finally:
        docker("start", f"{lab}-db")
    until(lambda: healthy(f"{lab}-web"))


def test_the_database_opens_to_nobody_without_its_password(lab: str) -> None:
    for user in ("root", "mysql", "guestbook"):
        with pytest.raises(docker_cli.DockerFailed, match="Access denied"):
            docker(
                "exec",
                f"{lab}-db",
                "mariadb",
                "-h127.0.0.1",
                f"-u{user}",
                "-e",
                "SELECT 1",
            )


def test_no_process_of_the_services_is_root(lab: str) -> None:
    for container, user in (("db", "999"), ("web", "65534")):
        status = docker("exec", f"{lab}-{container}", "cat", "/proc/1/status").splitlines()
        fields = {line.partition(":")[0]: line.partition(":")[2].split() for line in status}
        assert set(fields["Uid"]) == {user}
        assert int(fields["CapBnd"][0], 16) == 0


def test_the_services_stop_when_asked_and_need_not_be_killed(lab: str) -> None:
    for container in ("web", "db"):
        docker("stop", "--time", "20", f"{lab}-{container}")
        code = docker("inspect", "--format", "{{.State.ExitCode}}", f"{lab}-{container}")
        docker("start", f"{lab}-{container}")
        assert code == "0"
    until(lambda: healthy(f"{lab}-web"))


def test_the_registry_serves_read_only_and_by_digest(images: None) -> None:
    files = service_images.registry_files()
    container = docker(
        "run", "--detach", "--rm", "--read-only", "--cap-drop", "ALL",
        "--network", "host", "--user", "65534:65534",
        "--env", "REGISTRY_HTTP_ADDR=127.0.0.1:15987",
        "--env", 'REGISTRY_STORAGE_MAINTENANCE_READONLY={"enabled": true}',
        "--volume", f"{files.storage}:/var/lib/registry:ro", files.image,
    )  # fmt: skip
    try:
        digest = service_images.digests()["isolab/guestbook:1"]
        url = f"http://127.0.0.1:15987/v2/isolab/guestbook/manifests/{digest}"
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        request = urllib.request.Request(url, headers={"Accept": kind})
        until(lambda: urllib.request.urlopen(request, timeout=5).status == 200)
        upload = urllib.request.Request(
            "http://127.0.0.1:15987/v2/isolab/guestbook/blobs/uploads/", method="POST"
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(upload, timeout=5)
        assert refused.value.code == 405
    finally:
        docker("rm", "--force", container)


def test_a_stacks_registry_serves_the_images_of_its_plan_alone(
    images: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path))
    file = tmp_path / "view.yaml"
    file.write_text(
        "name: view\ndescription: One image.\nguests: {app: {}}\n"
        'services: {web: {image: "isolab/python:1"}}\n'
    )
    digests = service_images.digests()
    plan = plan_file(file, {}, Surroundings(stack="view", digests=digests))
    assert isinstance(plan, Plan)
    names, layout = registry_view.write(plan), "/var/lib/registry/docker/registry/v2"
    files = service_images.registry_files()
    container = docker(
        "run", "--detach", "--rm", "--read-only", "--cap-drop", "ALL",
        "--network", "host", "--user", "65534:65534",
        "--env", "REGISTRY_HTTP_ADDR=127.0.0.1:15988",
        "--env", 'REGISTRY_STORAGE_MAINTENANCE_READONLY={"enabled": true}',
        "--volume", f"{files.storage}/docker/registry/v2/blobs:{layout}/blobs:ro",
        "--volume", f"{names}:{layout}/repositories:ro", files.image,
    )  # fmt: skip
    kind = "application/vnd.docker.distribution.manifest.v2+json"

    def read(path: str) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:15988/v2/{path}", headers={"Accept": kind}
        )
        return urllib.request.urlopen(request, timeout=5).read()

    try:
        until(lambda: json.loads(read("_catalog")) == {"repositories": ["isolab/python"]})
        manifest = json.loads(read(f"isolab/python/manifests/{digests['isolab/python:1']}"))
        blobs = [manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])]
        for digest in blobs:
            assert read(f"isolab/python/blobs/{digest}")
        other = json.loads(registry_storage.manifest(digests["isolab/mariadb:1"]))["config"]
        for path in (
            f"isolab/mariadb/manifests/{digests['isolab/mariadb:1']}",
            f"isolab/mariadb/blobs/{other['digest']}",
            f"isolab/python/manifests/{digests['isolab/mariadb:1']}",
            f"isolab/python/blobs/{other['digest']}",
        ):
            with pytest.raises(urllib.error.HTTPError) as refused:
                read(path)
            assert refused.value.code == 404
    finally:
        docker("rm", "--force", container)


def test_a_second_ensure_asks_nobody(images: None, monkeypatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    service_images.ensure(print)


def test_preloaded_layers_leave_the_other_docker_alone(images: None, tmp_path: Path) -> None:
    before = docker("network", "ls"), Path("/sys/class/net/docker0").exists()
    preload.preload(tmp_path, print)
    assert (docker("network", "ls"), Path("/sys/class/net/docker0").exists()) == before
    names = (tmp_path / "var/lib/docker/image/overlay2/repositories.json").read_text()
    held = json.loads(names)["Repositories"]["isolab/preload"]
    built = service_catalog.read()
    assert held["isolab/preload:mariadb"] == built["isolab/mariadb:1"].id
    assert sorted(path.name for path in (tmp_path / "var/lib/docker").iterdir()) == [
        "image",
        "overlay2",
    ]


def healthy(container: str, *path: str) -> bool:
    """What the image's own health check says."""
    try:
        docker("exec", container, "healthcheck", *path)
    except docker_cli.DockerFailed:
        return False
    return True


def post(lab: str, text: str) -> None:
    data = urllib.parse.urlencode({"name": "Ann", "text": text}).encode()
    with urllib.request.urlopen(web(lab), data, timeout=10) as answer:
        assert answer.status == 200


def entries(lab: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(f"{web(lab)}entries", timeout=10) as answer:
        return json.load(answer)


def web(lab: str) -> str:
    """The host reaches a container on an internal network; others do not."""
    address = docker(
        "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
        f"{lab}-web",
    )  # fmt: skip
    return f"http://{address}:8000/"


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
