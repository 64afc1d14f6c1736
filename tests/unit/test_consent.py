"""Nobody loses data without having agreed to it."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from isolab.cli.context import consent
from isolab.cli.errors import BAD_INPUT, Failure
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file

PAIRS = Path(__file__).parents[1] / "labs" / "diffs"


def plans(pair: str) -> tuple[Plan, Plan]:
    made = [
        plan_file(PAIRS / pair / f"{n}.yaml", {}, Surroundings(stack="s")) for n in ("old", "new")
    ]
    old, new = made
    assert isinstance(old, Plan)
    assert isinstance(new, Plan)
    return old, new


def ask(old: Plan | None, new: Plan) -> bool:
    return consent.ask("up", consent.lost_by(old, (), new), accepted=False)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_it_takes_the_flag(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = plans("data-disk")
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    with pytest.raises(Failure) as ended:
        consent.ask("up", consent.lost_by(old, (), new), accepted=False)
    assert ended.value.exit_code == BAD_INPUT
    assert "volume data on app-1" in str(ended.value)
    assert "--accept-data-loss" in str(ended.value)
    assert "written by db-1" in capsys.readouterr().err
    assert consent.ask("up", consent.lost_by(old, (), new), accepted=True)


def test_on_a_terminal_yes_is_the_only_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = plans("service-moved")
    monkeypatch.setattr("sys.stdin", Terminal("yes\n"))
    assert consent.ask("up", consent.lost_by(old, (), new), accepted=False)
    for answer in ("\n", "y\n", "no\n", ""):
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        with pytest.raises(Failure, match="nothing was changed"):
            consent.ask("up", consent.lost_by(old, (), new), accepted=False)


@pytest.mark.parametrize("pair", ["root-disk", "guest-memory", "service-removed", "image"])
def test_nobody_is_asked_where_data_stays(pair: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    assert not ask(*plans(pair))


def test_the_first_up_has_nothing_to_lose() -> None:
    assert not ask(None, plans("data-disk")[1])


def test_a_lab_stays_on_its_libvirt() -> None:
    old, new = plans("image")
    consent.same_libvirt(old, new)
    consent.same_libvirt(None, new)
    with pytest.raises(Failure, match="is on qemu:///system") as ended:
        consent.same_libvirt(old, replace(new, libvirt="qemu+ssh://elsewhere/system"))
    assert ended.value.exit_code == BAD_INPUT
