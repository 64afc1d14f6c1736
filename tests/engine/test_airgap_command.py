"""The plugin `command` and the language host on the real engine, held against the records."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import command_bench
import harness
import pytest
import sshd

from airgap.command.ssh import Connections, Target
from airgap.framework import Context, Ending, Failure

CHANGES = harness.record("command-changes.json")

pytestmark = command_bench.needed


@pytest.fixture(scope="module")
def bench(guest: sshd.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.Bench]:
    with command_bench.ready(tmp_path_factory.mktemp("command") / "bench", guest) as made:
        yield made


def by_name(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Steps without their order, which is the engine's."""
    reasons = ("diffReasons", "replaceReasons")
    return {
        each["name"]: {
            key: sorted(value or []) if key in reasons else value
            for key, value in each.items()
            if key not in ("type", "replaceReasons")
        }
        for each in steps
    }


def test_every_change_goes_as_with_the_official_plugin(bench: harness.Bench) -> None:
    # One after the other: each record begins where the one before it ended.
    for each in CHANGES:
        name = each["scenario"]
        bench.scenario(each["change"])
        if "raise" not in each["change"]:
            assert by_name(bench.preview()) == by_name(each["steps"]), name
        up = bench.run(*harness.UP)
        assert (up.code != 0) == each["fails"], f"{name}: {up.text}"
        for part in each.get("error", []):
            assert words(part) in words(up.output), up.text
        if bench.source == "airgap":  # the official language host shows the runtime's frames
            assert_own_frames_alone(up)
        if "state" in each:
            wanted = {one["id"][:-8]: {**one, "id": ""} for one in each["state"]}
            assert states(bench) == wanted, name


def words(text: str) -> str:
    """A text without its line breaks, which are the width of a terminal's."""
    return " ".join(text.split())


def assert_own_frames_alone(up: harness.Outcome) -> None:
    shown = up.output.split("Diagnostics:")[-1]
    files = [line for line in shown.splitlines() if line.strip().startswith("File ")]
    assert all("/project/__main__.py" in line for line in files), up.text
    assert "KeyboardInterrupt" not in up.text
    assert "Resource monitor has terminated" not in up.text


def states(bench: harness.Bench) -> dict[str, Any]:
    """The commands in the state, in the form of the records."""
    found: dict[str, Any] = {}
    for name, each in bench.resources().items():
        if each["type"].startswith("command:"):
            compared = {key: each[key] for key in ("type", "inputs", "outputs")}
            assert each["id"].startswith(name)
            assert len(each["id"]) == len(name) + 8
            for part in ("inputs", "outputs"):
                if "connection" in compared[part]:
                    assert "ciphertext" in compared[part]["connection"]
                    compared[part]["connection"] = "<secret>"
            found[name] = {**compared, "id": ""}
    return found


def test_standard_input_reaches_the_command_and_no_state(bench: harness.Bench) -> None:
    words = "a secret of many words " * 5000
    bench.scenario({"create": "wc -c", "stdin": words, "triggers": ["stdin"]})
    bench.up()
    assert bench.resources()["ready"]["outputs"]["stdout"] == str(len(words))


def test_a_refresh_changes_nothing(bench: harness.Bench) -> None:
    bench.scenario({"triggers": ["refresh"]})
    bench.up()
    bench.refresh()
    assert bench.preview() == []


def target(server: sshd.Server, **other: Any) -> Target:
    return Target.of(
        {
            "host": "127.0.0.1",
            "port": server.port,
            "user": server.user,
            "privateKey": server.key("client"),
            "hostKey": server.key("host.pub"),
            **other,
        }
    )


def context(cancelled: threading.Event | None = None) -> Context[Any]:
    return Context(
        connect=lambda: None,
        config={},
        urn="",
        name="",
        ending=Ending(cancelled or threading.Event()),
    )


@pytest.mark.airgap("asks its connections without an engine")
def test_a_machine_is_reached_as_soon_as_its_sshd_answers(tmp_path: Path) -> None:
    late = sshd.Server.prepare(tmp_path / "late")
    connections = Connections()
    reached: list[float] = []

    def reach() -> None:
        with connections.session(target(late, dialErrorLimit=100), context()):
            reached.append(time.monotonic())

    thread = threading.Thread(target=reach)
    thread.start()
    time.sleep(6)  # by now the attempts that count are seconds apart
    late.start()
    up = time.monotonic()
    thread.join(10)
    connections.close()
    late.stop()
    assert reached
    assert reached[0] - up < 0.8


@pytest.mark.airgap("asks its connections without an engine")
def test_commands_share_one_connection(guest: sshd.Server) -> None:
    connections, met = Connections(), threading.Barrier(6)

    def use() -> None:
        with connections.session(target(guest), context()) as channel:
            met.wait(10)
            transports.add(id(channel.get_transport()))

    transports: set[int] = set()
    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connections.close()
    assert len(transports) == 1


@pytest.mark.airgap("asks its connections without an engine")
def test_a_lost_connection_is_dialled_again(tmp_path: Path) -> None:
    restarted = sshd.Server.prepare(tmp_path / "restarted")
    restarted.start()
    connections = Connections()
    with connections.session(target(restarted), context()):
        pass
    restarted.stop()
    restarted.start()
    with connections.session(target(restarted), context()) as channel:
        channel.exec_command("echo again")
        assert channel.recv(100) == b"again\n"
    connections.close()
    restarted.stop()


@pytest.mark.airgap("asks its connections without an engine")
def test_waiting_ends_when_the_user_wants_it(guest: sshd.Server) -> None:
    cancelled = threading.Event()
    threading.Timer(0.5, cancelled.set).start()
    nobody = target(guest, port=sshd.free_port(), dialErrorLimit=100)
    began = time.monotonic()
    with pytest.raises(Failure, match=r"cancelled while waiting for 127\.0\.0\.1"):
        Connections().session(nobody, context(cancelled)).__enter__()
    assert time.monotonic() - began < 2
