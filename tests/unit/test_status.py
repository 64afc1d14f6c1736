"""Which stack `./lab status` shows, and what it says where there is none to show."""

import json
from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from isolab.cli import main
from isolab.cli.commands import status
from isolab.cli.context import live
from isolab.plan.model import Surroundings
from isolab.plan.read import plan_file
from isolab.plan.serialize import dumps
from machine.deployment import config, lock
from machine.engine import pulumi_cli
from machine.host import addresses

Network = tuple[IPv4Network, str]
LAB = Path(__file__).parents[2] / "stacks/reference.yaml"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of isolab's with no stack in it."""
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", (tmp_path / "state").as_uri())
    monkeypatch.setattr(config, "STACKS", tmp_path)
    monkeypatch.setattr(pulumi_cli, "executable", lambda: Path("/bin/false"))
    (tmp_path / "state/.pulumi/stacks/isolab").mkdir(parents=True)
    return tmp_path


def bring_up(home: Path, stack: str) -> None:
    """As the engine leaves a stack that it brought up."""
    config.file(stack).write_text("config: {}\n")
    plan = plan_file(LAB, {}, Surroundings(stack=stack))
    lab = f"urn:pulumi:{stack}::isolab::isolab:index:Lab::{stack}"
    program = f"urn:pulumi:{stack}::isolab::pulumi:pulumi:Stack::isolab-{stack}"
    network = f"urn:pulumi:{stack}::isolab::isolab:index:Lab$libvirt:index/network:Network::{stack}"
    resources = [
        {"urn": program, "type": "pulumi:pulumi:Stack", "outputs": {"plan": dumps(plan)}},
        {"urn": lab, "type": "isolab:index:Lab", "parent": program},
        {"urn": network, "type": "libvirt:index/network:Network", "parent": lab},
    ]
    state = {"version": 3, "checkpoint": {"latest": {"resources": resources}}}
    file = home / f"state/.pulumi/stacks/isolab/{stack}.json"
    file.write_text(json.dumps(state))


def networks(*there: Network) -> Callable[..., tuple[Network, ...]]:
    """A machine that has these."""

    def asked(*_: object, **__: object) -> tuple[Network, ...]:
        return there

    return asked


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked: what is shown is the stack's name."""

    def asked(plan: object) -> live.Status:
        host = live.HostStatus(address="", network="active", registry="running")
        return live.Status(stack=plan.stack, host=host, guests=(), endpoints=(), drift=())

    monkeypatch.setattr(live, "status", asked)
    monkeypatch.setattr(addresses, "in_use", networks())
    monkeypatch.setattr(status, "text", lambda now: now.stack)


@pytest.mark.usefixtures("shown")
def test_without_a_name_the_stack_that_is_up_is_shown(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status"]) == 1
    assert capsys.readouterr().out == "stack reference is not up\n"
    bring_up(home, "mine")
    assert main(["status"]) == 0
    assert capsys.readouterr().out == "mine\n"
    assert main(["status", "reference"]) == 1
    assert capsys.readouterr().out == "stack reference is not up\n  stacks that are up: mine\n"
    bring_up(home, "other")
    assert main(["status"]) == 1
    assert (
        capsys.readouterr().out == "stack reference is not up\n  stacks that are up: mine, other\n"
    )
    bring_up(home, "reference")
    assert main(["status"]) == 0
    assert capsys.readouterr().out == "reference\n"


def test_a_stack_that_is_being_made_is_told_from_one_that_is_down(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bring_up(home, "mine")
    with lock.locked("reference", "up", print):
        assert lock.holder("reference").startswith("./lab up (process ")
        assert main(["status"]) == 1
        said = capsys.readouterr().out
        assert said.startswith("stack reference is not up yet: ./lab up (process ")
        assert said.endswith(" is at work\n")
        assert main(["status", "--json"]) == 1
        (drift,) = json.loads(capsys.readouterr().out)["drift"]
        assert drift.startswith("stack reference is not up yet")
    assert lock.holder("reference") == ""


@pytest.mark.usefixtures("shown")
def test_a_network_that_came_later_is_a_warning(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_up(home, "reference")
    tunnel = (IPv4Network("10.0.0.0/8"), "a route of tun0")
    monkeypatch.setattr(addresses, "in_use", networks(tunnel))
    assert main(["status"]) == 0
    assert "\nwarning: the lab's network 10." in capsys.readouterr().out
    assert main(["status", "--json"]) == 0
    (warning,) = json.loads(capsys.readouterr().out)["warnings"]
    assert "overlaps 10.0.0.0/8 (a route of tun0)" in warning
