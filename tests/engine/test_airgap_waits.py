"""The plugins' ways to sshd, dockerd and libvirtd, held against doors that open before these do."""

import threading
from pathlib import Path
from typing import Any

import docker_bench
import libvirt_bench
import pytest
import sshd
from doors import Door, each_kind, every_try

from airgap.command import ssh
from airgap.command.ssh import Connections, Target
from airgap.docker import connection as docker_connection
from airgap.framework import Context, Ending, Failure
from airgap.libvirt import connection as libvirt_connection

pytestmark = pytest.mark.skipif(not sshd.PROGRAM, reason="openssh-server is not on this machine")

HANDSHAKE = 2150
"""Bytes that sshd says until the first session is open; a cut behind them breaks nothing off."""


def target(server: sshd.Server, port: int, **other: Any) -> Target:
    keys = {"privateKey": server.key("client"), "hostKey": server.key("host.pub")}
    there = {"host": "127.0.0.1", "port": port, "user": server.user}
    return Target.of({**there, **keys, "dialErrorLimit": 100, "perDialTimeout": 10, **other})


def context() -> Context[Any]:
    ending = Ending(threading.Event())
    return Context(connect=lambda: None, config={}, urn="", name="", ending=ending)


@each_kind
def test_a_guest_that_boots_is_dialled_until_its_sshd_gives_a_session(
    kind: str, guest: sshd.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh, "_RETRY_HANDSHAKE", 0.05)

    def one(number: int) -> None:
        connections = Connections()
        with (
            Door(kind, ("127.0.0.1", guest.port), number=number, whole=HANDSHAKE) as door,
            connections.session(target(guest, door.port), context()) as channel,
        ):
            channel.exec_command("echo here")
            assert channel.recv(100) == b"here\n"
        connections.close()
        assert door.failed == 3

    every_try(one)


@each_kind
def test_an_sshd_that_is_no_guests_is_given_up_with_what_it_did(
    kind: str, guest: sshd.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh, "_RETRY_HANDSHAKE", 0.05)
    with Door(kind, lambda client: None, faults=1000, held=20) as door:
        nobody = target(guest, door.port, dialErrorLimit=2, perDialTimeout=1)
        # A connection that is reset at once may be that before it is open.
        seen = rf"(ssh: handshake failed: .+|dial tcp 127.0.0.1:{door.port}: .+ reset by peer)"
        text = rf"after 2 failed attempts: {seen} \(127.0.0.1:{door.port}, \d+ s\)"
        with pytest.raises(Failure, match=text):
            ssh.dial(nobody, context())


def ssh_options(server: sshd.Server, folder: Path, port: int) -> list[str]:
    """As keys.ssh_options gives them, for an sshd behind a door."""
    known = folder / f"known-{port}"
    known.write_text(f"[127.0.0.1]:{port} {server.key('host.pub')}")
    options = ["IdentitiesOnly=yes", "BatchMode=yes", "StrictHostKeyChecking=yes", "LogLevel=ERROR"]
    options += [f"UserKnownHostsFile={known}", "ConnectTimeout=10"]
    return ["-i", f"{server.folder}/client", *(f"-o{option}" for option in options)]


@docker_bench.needed
@each_kind
def test_a_guests_docker_is_reached_through_an_sshd_that_starts(
    kind: str, guest: sshd.Server, tmp_path: Path
) -> None:
    def one(number: int) -> None:
        with Door(kind, ("127.0.0.1", guest.port), number=number, whole=HANDSHAKE) as door:
            host = f"ssh://{guest.user}@127.0.0.1:{door.port}"
            options = ssh_options(guest, tmp_path, door.port)
            made = docker_connection.Connection.open({"host": host, "sshOpts": options})
            assert made.api.ping()
            made.close()
        assert door.failed == 3

    every_try(one)


@docker_bench.needed
@each_kind
def test_a_docker_that_starts_is_asked_again(kind: str, tmp_path: Path) -> None:
    def one(number: int) -> None:
        path = tmp_path / f"{number}"
        with Door(kind, "/var/run/docker.sock", path=path, number=number, whole=700) as door:
            made = docker_connection.Connection.open({"host": f"unix://{path}"})
            assert made.api.ping()
            made.close()
        assert door.failed == 3

    every_try(one)


@docker_bench.needed
@each_kind
def test_a_docker_that_stays_silent_is_told_with_how_long_it_was_asked(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_connection, "STARTING", 1)
    monkeypatch.setattr(docker_connection, "GREETING", 0.5)
    path = tmp_path / "socket"
    with Door(kind, lambda client: None, path=path, faults=1000, held=5):
        for seconds in ("[12]", "[01]"):  # the second one waits no more for who was waited for
            with pytest.raises(
                Failure, match=rf"does not answer at unix.*\(asked for {seconds} s\)"
            ):
                docker_connection.Connection.open({"host": f"unix://{path}"})
    with pytest.raises(Failure, match="Connection refused"):
        docker_connection.Connection.open({"host": f"unix://{path}"})


@libvirt_bench.needed
@each_kind
def test_a_libvirt_that_starts_is_asked_again(kind: str, tmp_path: Path) -> None:
    def one(number: int) -> None:
        path = tmp_path / f"{number}"
        with Door(kind, "/run/libvirt/libvirt-sock", path=path, number=number, whole=64) as door:
            uri = f"qemu+unix:///system?socket={path}&mode=direct"
            made = libvirt_connection.Connection.open({"uri": uri})
            assert made.alive()
            made.close()
        assert door.failed == 3

    every_try(one)


@libvirt_bench.needed
@each_kind
def test_a_libvirt_that_stays_silent_is_told_with_how_long_it_was_asked(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libvirt_connection, "_STARTING", 1)
    monkeypatch.setattr(libvirt_connection, "_GREETING", 0.5)
    path = tmp_path / "socket"
    uri = f"qemu+unix:///system?socket={path}"
    with (
        Door(kind, lambda client: None, path=path, faults=1000, held=5),
        pytest.raises(Failure, match=r"libvirt does not answer .*\(asked for [12] s\)"),
    ):
        libvirt_connection.Connection.open({"uri": uri})
    with pytest.raises(Failure, match=r"Connection refused; is libvirtd running\?"):
        libvirt_connection.Connection.open({"uri": uri})
