"""Whatever the user's shell is set to, isolab talks to this machine's daemons and its guests."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from isolab import cli
from isolab.cli import main
from isolab.cli.errors import BAD_INPUT
from machine.deployment import config
from machine.host import docker_cli, sockets
from machine.host.transport import GuestTransport
from machine.keys import KeyFiles


def test_the_users_docker_and_libvirt_lead_nowhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {
        "DOCKER_HOST": "tcp://production:2376",
        "DOCKER_CONTEXT": "production",
        "DOCKER_TLS_VERIFY": "1",
        "LIBVIRT_DEFAULT_URI": "qemu+ssh://production/system",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert main(["schema"]) == 0
    assert os.environ["DOCKER_HOST"] == "unix:///var/run/docker.sock"
    assert not given.keys() - {"DOCKER_HOST"} & os.environ.keys()


def test_an_ssh_agent_that_has_ended_is_none(tmp_path: Path) -> None:
    path = str(tmp_path / "agent")
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(path)
        agent.listen()
        environment = {"SSH_AUTH_SOCK": path}
        sockets.settle(environment)
        assert environment["SSH_AUTH_SOCK"] == path
    sockets.settle(environment)
    assert "SSH_AUTH_SOCK" not in environment


def test_a_call_of_dockers_client_names_its_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tmp_path / "docker"
    client.write_text('#!/bin/sh\necho "$@"\n')
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_CONTEXT", "production")
    assert docker_cli.docker("ps") == f"--host {sockets.DOCKER} ps"
    assert docker_cli.docker("ps", host="unix:///own") == "--host unix:///own ps"
    assert docker_cli.last_words("c") == f"--host {sockets.DOCKER} logs --tail 8 c"


def test_the_users_ssh_configuration_reaches_no_connection(tmp_path: Path) -> None:
    """As ssh itself tells what it would do: its own file wants another user and a proxy."""
    evil = tmp_path / "config"
    evil.write_text("Host *\n  ProxyJump bastion\n  ControlMaster auto\n  RemoteCommand id\n")
    keys = KeyFiles(identity=tmp_path / "key", known_hosts=tmp_path / "hosts", seeds=tmp_path)
    argv = GuestTransport(name="app-1", address="192.0.2.1", keys=keys).argv([])

    def settings(words: list[str]) -> str:
        return subprocess.check_output(["ssh", "-G", *words], text=True)

    assert "proxyjump bastion" in settings(["-F", str(evil), "root@192.0.2.1"])
    assert argv[1:3] == ["-F", "none"]
    assert "proxyjump" not in settings(argv[1:-1])


def test_the_demo_refuses_a_stack_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(config, "STACKS", tmp_path)
    # Were it not refused, it must not come to a real lab from here.
    monkeypatch.setattr(cli, "main", _went_on)
    config.file("demo").write_text("config:\n  isolab:lab: demo\n")
    assert main(["demo", "--pause", "0"]) == BAD_INPUT
    assert "stack demo already exists" in capsys.readouterr().err
    assert config.file("demo").exists()


def _went_on(words: list[str]) -> None:
    pytest.fail(f"the demo went on: {words}")
