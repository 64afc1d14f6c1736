"""Ctrl-C in the middle of a create: a quick end, and a state from which the next up converges."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import command_bench
import docker
import docker_bench
import harness
import libvirt_bench
import pytest
import registry
import sshd

pytestmark = pytest.mark.airgap("a create that ends at Ctrl-C, within seconds, is its own")

TIMEOUT = 12
"""Seconds for an engine to end that was told to; this machine has other work, too."""


def converges(bench: harness.Bench) -> None:
    bench.scenario({})
    bench.up()
    assert bench.preview() == []


@pytest.fixture(scope="module")
def on_libvirt() -> Iterator[harness.Bench]:
    with libvirt_bench.up() as made:
        yield made


@libvirt_bench.needed
@pytest.mark.parametrize("point", ["fid-pool", "fid-net", "fid-root", "fid-a"])
def test_libvirt_resources_that_were_interrupted_come_with_the_next_up(
    on_libvirt: harness.Bench, point: str
) -> None:
    on_libvirt.destroy()
    pool = on_libvirt.folder.parent / "pool"

    def reached() -> bool:
        return (pool / point).exists() or point in libvirt_bench.what_there_is()

    done, took = on_libvirt.interrupted_up(reached)
    assert took < TIMEOUT
    assert "Traceback" not in done.text
    converges(on_libvirt)


@libvirt_bench.needed
def test_an_upload_that_was_interrupted_leaves_no_half_of_it(on_libvirt: harness.Bench) -> None:
    on_libvirt.destroy()
    folder = on_libvirt.folder.parent
    large = folder / "large.raw"
    with large.open("wb") as file:
        file.truncate(20 * 2**30)
    file = folder / "pool" / "fid-base"
    on_libvirt.scenario({"source": str(large), "format": "raw"})
    done, took = on_libvirt.interrupted_up(lambda: file.exists() and file.stat().st_size > 0)
    assert took < TIMEOUT
    assert "cancelled while it was filled" in done.output
    assert not file.exists()
    large.unlink()
    converges(on_libvirt)


@pytest.fixture(scope="module")
def on_docker(
    images: registry.Registry, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[harness.Bench]:
    with docker_bench.up(tmp_path_factory.mktemp("docker") / "bench", images) as made:
        yield made


@docker_bench.needed
@pytest.mark.parametrize("point", ["fid-dn", "fid-dv", "fid-web"])
def test_docker_resources_that_were_interrupted_come_with_the_next_up(
    on_docker: harness.Bench, point: str
) -> None:
    on_docker.destroy()
    done, took = on_docker.interrupted_up(lambda: point in docker_bench.what_there_is())
    assert took < TIMEOUT
    assert "Traceback" not in done.text
    converges(on_docker)


@docker_bench.needed
def test_a_wait_for_health_that_was_interrupted(on_docker: harness.Bench) -> None:
    on_docker.destroy()
    client = docker.from_env()

    def waits() -> bool:
        found = client.containers.list(filters={"name": "fid-web"})
        return any(each.status == "running" for each in found)

    on_docker.scenario({"health": "false", "label": "z"})
    done, took = on_docker.interrupted_up(waits)
    assert took < TIMEOUT
    assert "cancelled while container fid-web was" in done.output
    converges(on_docker)


@pytest.fixture
def on_ssh(guest: sshd.Server, tmp_path: Path) -> Iterator[harness.Bench]:
    with command_bench.ready(tmp_path / "bench", guest) as made:
        yield made


def is_gone(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


@command_bench.needed
@pytest.mark.parametrize("where", ["create", "here"])
def test_a_command_that_was_interrupted_is_run_again(
    on_ssh: harness.Bench, tmp_path: Path, where: str
) -> None:
    mark = tmp_path / "started"
    on_ssh.scenario({where: f"echo $$ > {mark}; exec sleep 60"})
    done, took = on_ssh.interrupted_up(lambda: mark.exists() and bool(mark.read_text().strip()))
    process = int(mark.read_text())
    assert took < TIMEOUT
    assert "cancelled while a command ran" in done.output
    if where == "here":
        assert is_gone(process)
    elif not is_gone(process):
        os.kill(process, signal.SIGKILL)  # sshd leaves it to itself, as with the official plugin
    converges(on_ssh)


@command_bench.needed
def test_a_dial_that_was_interrupted_is_dialled_again(on_ssh: harness.Bench) -> None:
    with listening() as (port, dialled):
        on_ssh.scenario({"port": port, "dials": 1000})
        done, took = on_ssh.interrupted_up(dialled.is_set)
    assert took < TIMEOUT
    assert "cancelled while waiting for 127.0.0.1" in done.output
    converges(on_ssh)


@contextmanager
def listening() -> Iterator[tuple[int, threading.Event]]:
    """A machine that takes connections, without an sshd: its port, and whether it was dialled."""
    server, dialled = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def hang_up() -> None:
        with suppress(OSError):
            while True:
                server.accept()[0].close()
                dialled.set()

    threading.Thread(target=hang_up, daemon=True).start()
    yield server.getsockname()[1], dialled
    server.shutdown(socket.SHUT_RDWR)
    server.close()
