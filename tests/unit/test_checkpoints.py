"""What a checkpoint keeps, when it fits no more, and who is told of it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from isolab.cli import main
from isolab.cli.errors import BAD_INPUT, DONE, FAILED, UNABLE
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from isolab.plan.serialize import dumps
from machine.deployment import checkpoints, config, state
from machine.deployment.checkpoints import Checkpoint, Disk
from machine.engine import pulumi_cli

LAB = Path(__file__).parents[2] / "stacks/reference.yaml"
STACK = "urn:pulumi:s::isolab::pulumi:pulumi:Stack::isolab-s"
HOST = "urn:pulumi:s::isolab::isolab:index:Lab$isolab:index:Host::s"
GUEST = "urn:pulumi:s::isolab::isolab:index:Lab$isolab:index:Guest::app-1"
NETWORK = f"urn:pulumi:s::isolab::isolab:index:Host${state.LAB_NETWORK}::s-network"
DOMAIN = "urn:pulumi:s::isolab::isolab:index:Guest$libvirt:index/domain:Domain::app-1-domain"
BASE = "urn:pulumi:s::isolab::isolab:index:Host$libvirt:index/volume:Volume::s-base"
ROOT = "urn:pulumi:s::isolab::isolab:index:Guest$libvirt:index/volume:Volume::app-1-root"
DATA = "urn:pulumi:s::isolab::isolab:index:Guest$libvirt:index/volume:Volume::app-1-data"
SEED = "urn:pulumi:s::isolab::isolab:index:Guest$libvirt:index/volume:Volume::app-1-seed"
CONTAINER = "urn:pulumi:s::isolab::isolab:index:Service$docker:index/container:Container::web-1"
BALANCER = "urn:pulumi:s::isolab::isolab:index:Balancer$docker:index/container:Container::w"


def resource(urn: str, parent: str, id: str = "1", **inputs: Any) -> dict[str, Any]:
    return {
        "urn": urn, "type": state.urn_type(urn), "parent": parent, "id": id, "inputs": inputs,
    }  # fmt: skip


def exported(container: str = "1", domain: str = "1", balancer: str = "1") -> str:
    made = plan_file(LAB, {}, Surroundings(stack="s"))
    assert isinstance(made, Plan)
    resources = [
        resource(STACK, "") | {"outputs": {"plan": dumps(made)}},
        resource(HOST, STACK),
        resource(NETWORK, HOST),
        resource(BASE, HOST, name="base", pool="isolab-s"),
        resource(GUEST, STACK),
        resource(ROOT, GUEST, name="app-1-root-0123", pool="isolab-s"),
        resource(DATA, GUEST, name="app-1-data", pool="isolab-s"),
        resource(SEED, GUEST, name="app-1-cidata.iso", pool="isolab-s"),
        resource(DOMAIN, GUEST, domain, name="isolab-s-app-1"),
        resource(CONTAINER, GUEST, container, name="web-1"),
        resource(BALANCER, HOST, balancer, name="w"),
    ]
    return json.dumps({"version": 3, "deployment": {"resources": resources}})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setattr(config, "STACKS", tmp_path / "stacks")
    monkeypatch.setattr(pulumi_cli, "executable", lambda: Path("/bin/false"))
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    (tmp_path / "stacks").mkdir()
    return tmp_path / "home"


def stands(home: Path, text: str) -> Path:
    file = home / "state/.pulumi/stacks/isolab/s.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    latest = json.loads(text)["deployment"]
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))
    return file


def save(name: str, text: str, at: str = "2026-11-28T10:00:00+01:00") -> Checkpoint:
    disks = checkpoints.disks_of(state.parse(text))
    saved = Checkpoint(
        stack="s", name=name, at=at, paused=1.5, disks=disks, sizes=(4,) * len(disks),
        domains=("isolab-s-app-1",),
    )  # fmt: skip
    with checkpoints.new("s", name) as folder:
        for disk in disks:
            (folder / disk.volume).write_text("disk")
        checkpoints.finish(folder, saved, text)
    return saved


def test_it_is_of_root_and_data_disks_alone() -> None:
    assert checkpoints.disks_of(state.parse(exported())) == (
        Disk(guest="app-1", pool="isolab-s", volume="app-1-root-0123"),
        Disk(guest="app-1", pool="isolab-s", volume="app-1-data"),
    )


def test_what_is_saved_is_read_again_and_only_its_owner_may(home: Path) -> None:
    saved = save("a", exported())
    assert checkpoints.of("s") == (saved,)
    assert checkpoints.stacks() == ("s",)
    assert saved.state == exported()
    assert saved.incomplete() == ""
    assert saved.folder.stat().st_mode & 0o077 == 0


def test_one_that_was_not_finished_is_none(home: Path) -> None:
    with pytest.raises(KeyboardInterrupt), checkpoints.new("s", "a") as folder:
        (folder / "app-1-data").write_text("disk")
        raise KeyboardInterrupt
    assert checkpoints.of("s") == ()
    assert not checkpoints.folder("s").exists()


def test_a_copy_that_is_cut_off_is_seen(home: Path) -> None:
    saved = save("a", exported())
    (saved.folder / "app-1-data").write_text("dis")
    assert saved.incomplete() == "app-1-data"


def test_containers_of_guests_come_back_with_the_disks() -> None:
    then = state.parse(exported())
    assert checkpoints.another(then, state.parse(exported(container="2"))) == ""


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (exported(domain="2"), "domain app-1-domain"),
        (exported(balancer="2"), "container w"),
    ],
)
def test_it_fits_no_more_once_something_else_was_created(now: str, what: str) -> None:
    assert checkpoints.another(state.parse(exported()), state.parse(now)) == what


def test_a_restore_that_does_not_fit_touches_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save("a", exported())
    stands(home, exported(domain="2"))
    assert main(["checkpoint", "restore", "a", "--stack", "s", "--yes"]) == FAILED
    said = capsys.readouterr().err
    assert "domain app-1-domain was created, replaced or removed since" in said
    assert checkpoints.half_restored("s") == ""


def test_a_restore_without_consent_touches_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save("a", exported())
    stands(home, exported())
    assert main(["checkpoint", "restore", "a", "--stack", "s"]) == BAD_INPUT
    said = capsys.readouterr().err
    assert "loses everything that guests app-1 have written since 2026-11-28T10:00:00+01:00" in said
    assert "--yes" in said


@pytest.mark.parametrize("words", [["restore", "b", "--yes"], ["remove", "b"]])
def test_one_that_is_not_there_is_named_with_those_that_are(
    home: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    save("ab", exported())
    assert main(["checkpoint", *words, "--stack", "s"]) == BAD_INPUT
    assert "stack s has no checkpoint 'b'\n  did you mean ab?" in capsys.readouterr().err


def test_a_name_is_given_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("a", exported())
    assert main(["checkpoint", "save", "a", "--stack", "s"]) == BAD_INPUT
    assert "has a checkpoint a already" in capsys.readouterr().err
    assert main(["checkpoint", "save", "../a", "--stack", "s"]) == BAD_INPUT


@pytest.mark.parametrize(
    "words",
    [
        ["up", "--stack", "s"],
        ["reset", "--stack", "s"],
        ["down", "s", "--keep-data"],
        ["checkpoint", "save", "b", "--stack", "s"],
        ["checkpoint", "remove", "a", "--stack", "s"],
    ],
)
def test_disks_that_are_not_whole_are_neither_started_nor_retained(
    home: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    saved = save("a", exported())
    stands(home, exported())
    with pytest.raises(KeyboardInterrupt), checkpoints.restoring(saved):
        raise KeyboardInterrupt
    assert main(words) == UNABLE
    assert "./lab checkpoint restore a --stack s" in capsys.readouterr().err
    with checkpoints.restoring(saved):
        pass
    assert checkpoints.half_restored("s") == ""


def test_down_names_the_checkpoints_that_go(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("a", exported())
    stands(home, exported())
    assert main(["down", "s"]) == BAD_INPUT
    assert "its checkpoints: a (" in capsys.readouterr().err


def test_the_list_tells_size_and_pause(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checkpoint", "list"]) == DONE
    assert capsys.readouterr().out == "there is no checkpoint\n"
    save("b", exported(), at="2026-11-28T11:00:00+01:00")
    save("a", exported(), at="2026-11-28T12:00:00+01:00")
    assert main(["checkpoint", "list", "s"]) == DONE
    first, second = capsys.readouterr().out.splitlines()
    assert first.split()[:3] == ["s", "b", "2026-11-28T11:00:00+01:00"]
    assert second.endswith("paused 1.5 s")
    assert main(["checkpoint", "list", "--json"]) == DONE
    document = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in document["checkpoints"]] == ["b", "a"]
    assert document["checkpoints"][0]["size"] > 0


def test_prune_removes_those_that_fit_no_more(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save("old", exported(domain="0"))
    save("new", exported())
    stands(home, exported())
    assert main(["prune"]) == DONE
    said = capsys.readouterr().out
    assert "s old, saved" in said
    assert "s new" not in said
    assert main(["prune", "--yes"]) == DONE
    assert [each.name for each in checkpoints.of("s")] == ["new"]
