"""What is not there is told from what could not be asked, and the seed goes last."""

from pathlib import Path

import pytest

from isolab.cli import main
from isolab.cli.errors import FAILED
from isolab.transport import Result
from machine.deployment import config, leftovers
from machine.deployment.control import StackControl
from machine.deployment.leftovers import Remains
from machine.deployment.state import Resource
from machine.engine import pulumi_cli


def resource(kind: str, name: str) -> Resource:
    return Resource(
        urn="u",
        type=kind,
        id="",
        parent="",
        provider="",
        inputs={"name": name, "pool": "default-pool"},
    )


GONE = [
    (leftovers.NETWORK, "error: Network not found: no network with matching name 'x'"),
    (leftovers.POOL, "error: Storage pool not found: no storage pool with matching name 'x'"),
    (leftovers.VOLUME, "error: Storage volume not found: no storage vol with matching path 'x'"),
    (leftovers.SEED, "error: Storage pool not found: no storage pool with matching name 'p'"),
    (leftovers.CONTAINER, "Error: No such container: x"),
    (leftovers.CONTAINER, "Error response from daemon: No such container: x"),
    (leftovers.DOCKER_NETWORK, "Error: No such network: x"),
    (leftovers.DOCKER_NETWORK, "Error response from daemon: network x not found"),
]
UNKNOWN = [
    "error: failed to connect to the hypervisor\n"
    "error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory",
    "dial unix /var/run/docker.sock: connect: no such file or directory",
    "error: failed to get domain 'x'\nerror: End of file while reading data: Input/output error",
    "error: failed to get pool 'x'\nerror: Requested operation is not valid: "
    "storage pool 'x' is not active",
    "sh: docker: command not found",
]


def said(stderr: str) -> Result:
    return Result(stdout="", stderr=stderr, code=1, duration=0)


@pytest.mark.parametrize(("kind", "words"), GONE)
def test_each_tool_has_its_words_for_no_such_thing(kind: str, words: str) -> None:
    assert leftovers.was_not_there(said(words), resource(kind, "x"))


@pytest.mark.parametrize("words", UNKNOWN)
def test_a_daemon_that_is_down_does_not_say_that_a_thing_is_gone(words: str) -> None:
    for kind in {leftovers.DOMAIN, *(kind for kind, _ in GONE)}:
        assert not leftovers.was_not_there(said(words), resource(kind, "x"))


def remove(libvirt: str, *resources: Resource) -> tuple[str, ...]:
    return leftovers.remove(resources, libvirt=libvirt, guests={}, guest_of=lambda _: "")


def test_things_that_a_real_libvirt_does_not_have_are_gone() -> None:
    gone = [resource(kind, "isolab-no-such") for kind in leftovers.LIBVIRT]
    assert remove("test:///default", *gone) == ()


def test_things_of_a_libvirt_that_does_not_answer_remain() -> None:
    for kind in leftovers.LIBVIRT:
        with pytest.raises(Remains):
            remove("qemu+unix:///system?socket=/nonexistent", resource(kind, "x"))


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackControl:
    """A stack with a configuration, of which this backend has no state."""
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", (tmp_path / "state").as_uri())
    monkeypatch.setattr(config, "STACKS", tmp_path)
    monkeypatch.setattr(pulumi_cli, "executable", lambda: Path("/bin/false"))
    config.file("s").write_text("config:\n  isolab:seed: {secure: v1:x}\n")
    return StackControl("s")


def tools(folder: Path, monkeypatch: pytest.MonkeyPatch, *, virsh: str) -> None:
    """Programs in place of virsh and docker, as far as they list names."""
    for name, script in (("virsh", virsh), ("docker", "true")):
        program = folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")


def test_the_seed_is_retained_where_the_lab_stands_in_another_backend(
    stack: StackControl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools(tmp_path, monkeypatch, virsh="echo isolab-s; echo isolab-s-b")
    assert stack.standing() == ("network isolab-s", "pool isolab-s")
    assert main(["down", "s"]) == FAILED
    assert config.file("s").exists()


def test_the_seed_is_retained_where_libvirt_does_not_answer(
    stack: StackControl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools(tmp_path, monkeypatch, virsh="echo 'No such file or directory' >&2; exit 1")
    with pytest.raises(Remains, match="could not be listed"):
        stack.standing()
    assert main(["down", "s"]) == FAILED
    assert config.file("s").exists()


def test_the_seed_goes_where_nothing_of_the_stack_is_left(
    stack: StackControl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools(tmp_path, monkeypatch, virsh="echo isolab-s-b; echo isolab-other")
    assert main(["down", "s"]) == 0
    assert not config.file("s").exists()
