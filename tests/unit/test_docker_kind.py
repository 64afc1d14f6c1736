"""Which Docker a machine has, and what doctor says of it."""

import json
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from machine.host import answers
from machine.setup import daemons, docker_kind, packages
from machine.setup.docker_kind import Docker, Kind
from machine.setup.doctor import able, daemon_check, docker_check

CLASSIC = [["Backing Filesystem", "extfs"], ["Supports d_type", "true"]]
CONTAINERD = [["driver-type", "io.containerd.snapshotter.v1"]]
ANSWERS = daemon_check("dockerd", "answers")
SILENT = daemon_check("dockerd", "silent")
ROOTLESS = ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"]


def info(
    version: str = "28.5.2",
    system: str = "Debian GNU/Linux 13 (trixie)",
    options: Sequence[str] = ("name=apparmor", "name=cgroupns"),
    status: Sequence[Sequence[str]] = CLASSIC,
) -> str:
    """What `docker info` prints, as far as it counts."""
    return json.dumps(
        {
            "ServerVersion": version,
            "OperatingSystem": system,
            "SecurityOptions": options,
            "DriverStatus": status,
        }
    )


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (info(), Docker(kind="system", version="28.5.2", store="classic")),
        (
            info("29.1.3", status=CONTAINERD),
            Docker(kind="system", version="29.1.3", store="containerd"),
        ),
        (info(options=ROOTLESS), Docker(kind="rootless", version="28.5.2", store="classic")),
        (
            info(system="Docker Desktop", status=CONTAINERD),
            Docker(kind="desktop", version="28.5.2", store="containerd"),
        ),
        (
            '{"ServerVersion": "20.10.24"}',
            Docker(kind="system", version="20.10.24", store="classic"),
        ),
        ('{"ServerVersion": "", "ServerErrors": ["Cannot connect"]}', None),
        ("Cannot connect to the Docker daemon", None),
        ("null", None),
    ],
)
def test_a_daemon_says_what_it_is(said: str, found: Docker | None) -> None:
    assert docker_kind.read(said) == found


@pytest.mark.parametrize("kind", ["rootless", "desktop"])
def test_a_daemon_that_is_not_on_the_machines_networks_runs_no_lab(kind: Kind) -> None:
    check = docker_check(ANSWERS, Docker(kind=kind, version="29.1.3", store="containerd"), ())
    assert (check.name, check.verdict, able([check])) == ("dockerd", "unusable", False)
    assert docker_kind.NAMES[kind] in check.detail
    assert daemons.DOCKER in check.detail
    assert "systemctl enable --now docker" in check.fix


def test_the_machines_own_is_told_by_its_version_and_store() -> None:
    check = docker_check(ANSWERS, Docker(kind="system", version="29.1.3", store="containerd"), ())
    assert (check.verdict, check.fix) == ("ok", "")
    assert check.detail == "answers: Docker 29.1.3, images in containerd's store"
    assert docker_check(ANSWERS, None, ()).verdict == "ok"


def test_another_one_of_the_users_is_told_where_the_machines_is_missing() -> None:
    check = docker_check(SILENT, None, ("desktop",))
    assert check.verdict == "missing"
    assert "Docker Desktop" in check.detail
    assert "Docker Desktop" not in docker_check(ANSWERS, None, ("desktop",)).detail


def test_others_are_known_by_who_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".docker/desktop").mkdir(parents=True)
    (tmp_path / "docker.sock").touch()
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as desktop:
        # The kernel's table names a socket as it was bound; paths of sockets are short.
        desktop.bind(".docker/desktop/docker.sock")
        desktop.listen()
        table = answers.SOCKETS.read_text().replace(" .docker", f" {tmp_path}/.docker")
        (tmp_path / "unix").write_text(table)
    monkeypatch.setattr(answers, "SOCKETS", tmp_path / "unix")
    assert docker_kind.others(tmp_path, str(tmp_path)) == ("desktop",)


@pytest.mark.parametrize(
    ("found", "named"),
    [((), "docker.io"), (("docker-ce-cli",), "docker-ce")],
)
def test_beside_dockers_own_client_comes_its_own_daemon(found: tuple[str, ...], named: str) -> None:
    missing = packages.missing_of(found, lambda command: command == "docker", lambda name: True)
    assert [name for name in missing if name.startswith("docker")] == [named]
