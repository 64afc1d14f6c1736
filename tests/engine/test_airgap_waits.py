"""The plugins' ways to sshd, dockerd and libvirtd, held against doors that open before these do."""

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sshd
from doors import Door, each_kind, every_try

from airgap.command import ssh
from airgap.command.ssh import Connections, Target
from airgap.framework import Context, Ending, Failure

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
