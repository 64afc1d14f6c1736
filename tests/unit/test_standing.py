"""The question before data is lost is asked from what stands, not from the last good plan."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from isolab.cli import main
from isolab.cli.commands import reset
from isolab.cli.commands.down import going
from isolab.cli.context import consent, deployed
from isolab.diff.disks import of_root
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.plan.serialize import dumps
from isolab.transport import Result
from machine.deployment import disks, state
from machine.deployment.control import StackControl
from machine.deployment.state import State
from machine.engine import pulumi_cli
from machine.host.transport import GuestTransport

PAIRS = Path(__file__).parents[1] / "labs" / "diffs"
LAB = "urn:pulumi:s::isolab::isolab:index:Lab::s"
STACK = "urn:pulumi:s::isolab::pulumi:pulumi:Stack::isolab-s"
GUEST = "urn:pulumi:s::isolab::isolab:index:Lab$isolab:index:Guest::app-1"
INSIDE = GUEST.rsplit("::", 1)[0]
GIB = 2**30


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def plan(pair: str, which: str) -> Plan:
    made = plan_file(PAIRS / pair / f"{which}.yaml", {}, Surroundings(stack="s"))
    assert isinstance(made, Plan)
    return made


def resource(urn: str, parent: str = "", outputs: Any = None, **inputs: Any) -> dict[str, Any]:
    return {
        "urn": urn,
        "type": state.urn_type(urn),
        "parent": parent,
        "inputs": inputs,
        "outputs": outputs or {},
    }


def root(size: int = 8 * GIB, name: str = "app-1-root") -> dict[str, Any]:
    urn = f"{INSIDE}$libvirt:index/volume:Volume::app-1-root"
    return resource(urn, GUEST, name=name, size=size)


def data(size: int = 2 * GIB) -> dict[str, Any]:
    urn = f"{INSIDE}$libvirt:index/volume:Volume::app-1-data"
    return resource(urn, GUEST, name="app-1-data", size=size)


def volume(name: str) -> dict[str, Any]:
    return resource(f"{INSIDE}$docker:index/volume:Volume::app-1-{name}", GUEST, name=name)


def network() -> dict[str, Any]:
    return resource(f"urn:pulumi:s::isolab::{state.LAB_NETWORK}::s", LAB, name="isolab-s")


def text(*things: dict[str, Any], plan: str = "") -> str:
    stack = resource(STACK, outputs={"plan": plan} if plan else None)
    resources = [stack, resource(LAB, STACK), resource(GUEST, LAB), *things]
    return json.dumps({"version": 3, "checkpoint": {"latest": {"resources": resources}}})


def known(*things: dict[str, Any], plan: str = "") -> State:
    return state.parse(text(*things, plan=plan))


def names(found: State, old: Plan | None, new: Plan, last: Plan | None = None) -> list[str]:
    return [loss.words for loss in consent.lost_by(old, disks.standing(found, last), new)]


def test_retained_data_is_asked_for_when_the_next_up_replaces_its_disk() -> None:
    old, new = plan("data-disk", "old"), plan("data-disk", "new")
    retained = known(data(), plan=dumps(old))
    assert retained.deployed == ""
    assert names(retained, None, new, old) == ["volume data on app-1, written by db-1"]
    assert names(retained, None, old, old) == []


def test_a_disk_that_a_failed_up_made_is_asked_for() -> None:
    without = plan("data-disk-removed", "new")
    half = known(network(), root(), data(), volume("data"))
    assert names(half, None, without) == ["volume data on app-1"]


def test_a_disk_of_which_no_volume_is_known_is_named_itself() -> None:
    assert names(known(data()), None, plan("data-disk-removed", "new")) == ["disk app-1-data"]


def test_a_guest_without_a_data_disk_has_its_volumes_on_the_root_disk() -> None:
    new = plan("data-disk-removed", "new")
    (app,) = [guest for guest in new.guests if guest.name == "app-1"]
    stands = known(root(app.disk * 2**20), volume("data"))
    assert names(stands, None, new) == []
    assert names(known(root(GIB), volume("data")), None, new) == ["volume data on app-1"]
    recreated = known(root(app.disk * 2**20, "app-1-root-0123456789ab"), volume("data"))
    assert names(recreated, None, new) == ["volume data on app-1"]
    with_data = plan("data-disk", "old")
    assert names(stands, None, with_data) == ["volume data on app-1"]


def test_a_guest_that_goes_is_asked_for_though_no_plan_can_be_read() -> None:
    stands = known(network(), root(), data(), volume("data"), volume("old"), plan='{"from": 2027}')
    nobody = plan("shared-to-separate", "new")
    assert "app-1" not in {guest.name for guest in nobody.guests}
    expected = ["volume data on app-1", "volume old on app-1"]
    assert names(stands, None, nobody) == expected


def test_what_the_plan_tells_is_not_told_twice() -> None:
    old, new = plan("data-disk", "old"), plan("data-disk", "new")
    stands = known(network(), root(), data(), volume("data"), plan=dumps(old))
    assert names(stands, old, new, old) == ["volume data on app-1, written by db-1"]


def test_a_reset_loses_volumes_on_the_root_disk_it_replaces() -> None:
    on_root = disks.standing(known(root(), volume("data")), None)
    assert [loss.what for loss in of_root(on_root, ["app-1"])] == ["volume data on app-1"]
    assert of_root(on_root, ["app-2"]) == ()
    on_data = disks.standing(known(root(), data(), volume("data")), None)
    assert of_root(on_data, ["app-1"]) == ()


def test_a_reset_finds_the_root_disk_of_a_guest_that_adds_to_cloud_init() -> None:
    disk = root(GIB, "app-1-root-0123456789ab")
    control = cast(StackControl, SimpleNamespace(state=lambda: known(disk, data())))
    assert reset._roots(control, ["app-1"]) == [disk["urn"]]
    assert reset._roots(control, ["app-2"]) == []


def test_keep_data_keeps_data_disks_alone() -> None:
    on_data = disks.standing(known(root(), data(), volume("data")), None)
    assert [loss.what for loss in going(on_data, keep_data=False)] == ["volume data on app-1"]
    assert going(on_data, keep_data=True) == ()
    on_root = disks.standing(known(root(), volume("data")), None)
    assert [loss.what for loss in going(on_root, keep_data=True)] == ["volume data on app-1"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of isolab's with a file backend; no engine is ever started from it."""
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "none"))
    monkeypatch.setattr(pulumi_cli, "executable", lambda: Path("/bin/false"))
    (tmp_path / "state/.pulumi/stacks/isolab").mkdir(parents=True)
    return tmp_path


def write(home: Path, content: str) -> Path:
    file = home / "state/.pulumi/stacks/isolab/s.json"
    file.write_text(content)
    return file


@pytest.mark.parametrize("words", [[], ["--keep-data"]])
def test_an_unattended_down_touches_nothing(
    home: Path,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = write(home, text(network(), root(), volume("data")))
    before = file.read_text()
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert main(["down", "s", *words]) == 2
    said = capsys.readouterr().err
    assert "volume data on app-1" in said
    assert "--yes" in said
    assert file.read_text() == before


def test_a_down_at_a_terminal_takes_yes_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(home, text(network(), root(), data(), volume("data")))
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert main(["down", "s"]) == 2
    assert "Remove stack s and its data: volume data on app-1?" in capsys.readouterr().err


def test_a_down_names_copies_that_were_written_to(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "lab.yaml"
    (tmp_path / "conf").mkdir()
    file.write_text(
        "guests: {app: {memory: 1GiB, data: 1GiB}}\n"
        "services: {web: {image: 'isolab/guestbook:1', volumes: ['./conf:/conf']}}\n"
    )
    lab = plan_file(file, {}, Surroundings(stack="s"))
    assert isinstance(lab, Plan)
    write(home, text(network(), root(), data(), plan=dumps(lab)))

    def told(*_: object, **__: object) -> Result:
        return Result(stdout="/a/file\n", stderr="", code=0, duration=0)

    monkeypatch.setattr(GuestTransport, "run", told)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(["down", "s", "--keep-data"]) == 2
    assert "its data: copy of conf at /conf in web-1 on app-1" in capsys.readouterr().err


def test_a_plan_of_another_version_is_not_a_stack_that_is_down(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(home, text(network(), root(), data(), plan='{"from": 2027}'))
    assert main(["status", "s"]) == 3
    assert "another version of isolab" in capsys.readouterr().err
    old, standing = deployed.standing(StackControl("s"))
    assert old is None
    assert [disk.name for disk in standing] == ["app-1-data"]
