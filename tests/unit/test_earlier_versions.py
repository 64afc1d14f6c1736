"""A lab that an earlier version made is understood by this one: its plan, its state, its data."""

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from isolab.cli import main
from isolab.cli.commands.down import going, retained_with_data
from isolab.cli.context import consent, deployed
from isolab.diff.compare import diff
from isolab.plan.model import GuestImage, Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.plan.serialize import loads
from isolab.units import MiB
from machine.deployment import config, leftovers, standing, state
from machine.deployment.control import StackControl
from machine.engine import pulumi_cli

RECORDS = Path(__file__).with_name("records")
STACKS = Path(__file__).parents[2] / "stacks"
VERSIONS = sorted(path.name for path in RECORDS.iterdir() if path.is_dir())
PLANS = sorted(RECORDS.glob("*/*.plan.json"))
IMAGE = GuestImage(
    digest="a" * 64,
    disk="/cache/guest/root.qcow2",
    virtual_size=MiB(2048),
    prepared=True,
    kernel="/cache/guest/vmlinuz",
    initrd="/cache/guest/initrd",
    arguments=("root=/dev/vda", "ro"),
)
NAMES = ("guestbook:1", "mariadb:1", "haproxy:1", "galera:1", "registry:1")
DIGESTS: Mapping[str, str] = {f"isolab/{name}": f"sha256:{name[0] * 64}" for name in NAMES}
CLOSED = ("host", "update", ("outside open -> internet",))
"""Guests of earlier versions reached private addresses; the network changes while it runs."""


def now(lab: str) -> Plan:
    """The lab file of this version, on the machine that the records were made for."""
    around = Surroundings(stack=lab, digests=DIGESTS, guest_image=IMAGE)
    made = plan_file(STACKS / f"{lab}.yaml", {}, around)
    assert isinstance(made, Plan)
    return made


@pytest.fixture(params=VERSIONS)
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """isolab's folder as the earlier version left it; no engine is ever started from it."""
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setattr(pulumi_cli, "executable", lambda: Path("/bin/false"))
    monkeypatch.setattr(config, "STACKS", tmp_path)
    config.file("reference").write_text(
        "config:\n  isolab:lab: reference\n  isolab:seed: {secure: v1:x}\n"
    )
    folder = tmp_path / "state/.pulumi/stacks/isolab"
    folder.mkdir(parents=True)
    record = RECORDS / request.param / "reference.state.json"
    (folder / "reference.json").write_text(record.read_text())
    return tmp_path


@pytest.mark.parametrize("record", PLANS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_plan_is_read_and_the_same_lab_file_recreates_nothing(record: Path) -> None:
    lab = record.name.partition(".")[0]
    changes = diff(loads(record.read_text()), now(lab), key="key")
    # A balancer's settings may change between versions; it takes them up without a restart.
    balancers = [("front", "update", ("files' contents",))] if lab == "replicated" else []
    told = [(change.name, change.change, change.reasons) for change in changes]
    assert told == [CLOSED, *balancers]


@pytest.mark.usefixtures("home")
def test_the_lab_is_found_and_the_same_lab_file_changes_nothing() -> None:
    found = deployed.required("reference")
    (change,) = diff(found, now("reference"), key="key")
    assert (change.name, change.change, change.reasons) == CLOSED
    assert change.effects == ()
    assert deployed.others_up(but="other") == ("reference",)
    assert StackControl("reference").drifted


@pytest.mark.usefixtures("home")
def test_its_data_is_known_and_asked_for() -> None:
    old, disks = deployed.standing(StackControl("reference"))
    (disk,) = disks
    assert (disk.guest, disk.name, disk.size, disk.is_data) == ("app-1", "app-1-data", 2048, True)
    assert [(v.name, v.containers) for v in disk.volumes] == [("data", ("db-1",))]
    assert consent.lost_by(old, disks, now("reference")) == ()
    bigger = now("reference")
    bigger = replace(bigger, guests=(replace(bigger.guests[0], data=MiB(4096)),))
    for plan in (old, None):
        assert [loss.what for loss in consent.lost_by(plan, disks, bigger)] == [
            "volume data on app-1"
        ]
    assert [loss.what for loss in going(disks, keep_data=False)] == ["volume data on app-1"]


@pytest.mark.usefixtures("home")
def test_a_down_asks_and_keeps_the_data_disk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(["down", "reference"]) == 2
    assert "volume data on app-1" in capsys.readouterr().err
    known = StackControl("reference").state()
    assert known is not None
    retained = retained_with_data(known)
    disks = [r.name for r in known.of_type(leftovers.VOLUME) if r.urn in retained]
    assert disks == ["app-1-data"]
    assert {r.name for r in known.of_type(leftovers.POOL) if r.urn in retained} == {
        "isolab-reference"
    }
    assert not [r.urn for r in known.of_type(leftovers.DOMAIN) if r.urn in retained]


def test_what_stands_is_known_to_the_program(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", (home / "state").as_uri())
    plan = now("reference")
    found = standing.standing(plan)
    containers = {container.name for container in plan.containers}
    assert found.names == {plan.guests[0].domain, *containers, plan.registry.name}


def test_a_plan_of_a_later_version_is_told_and_nothing_is_touched(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / "state/.pulumi/stacks/isolab/reference.json"
    raw = json.loads(file.read_text())
    raw["checkpoint"]["latest"]["resources"][0]["outputs"]["plan"] = '{"of": "a later version"}'
    file.write_text(json.dumps(raw))
    for command in (["status", "reference"], ["diff", "reference"], ["ssh", "app-1"]):
        assert main(command) == 3
        assert "another version of isolab made it" in capsys.readouterr().err
    known = StackControl("reference").state()
    assert known is not None
    assert state.LAB_NETWORK in {r.type for r in known.resources}
