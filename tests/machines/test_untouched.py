"""What a bare machine's users see before anything is installed; none of it changes the machine."""

import json
from collections.abc import Iterator

import pytest
from terminal import Answer
from testmachine import PASSWORD, USERS, Machine

UNABLE = 3
LISTED = (
    "install ",
    "let {user} use libvirt and Docker",
    "a hook of libvirt",
    "build images",
    "have guests shut down with the machine",
)
"""What the one question is about."""
STATE = r"""
dpkg-query --show
getent passwd; getent group
systemctl list-unit-files --no-legend
find /home -name __pycache__ -prune -o -type f -printf '%p %T@\n' | sort
"""
TERMINAL: dict[bool, list[Answer] | None] = {True: [], False: None}
"""Nobody answers: a question lasts until the time-out."""


@pytest.fixture(autouse=True)
def unchanged(machine: Machine) -> Iterator[None]:
    """Holds that a test leaves packages, users, units and files as they were."""
    before = machine.run("root", STATE, login=False).output.splitlines()
    yield
    after = machine.run("root", STATE, login=False).output.splitlines()
    assert sorted(set(after) ^ set(before)) == []


@pytest.mark.parametrize("terminal", TERMINAL, ids=["terminal", "no terminal"])
@pytest.mark.parametrize("user", USERS)
def test_doctor_says_what_is_missing_and_asks_nothing(
    machine: Machine, user: str, terminal: bool
) -> None:
    done = machine.run(user, "cd isolab && ./lab doctor", answers=TERMINAL[terminal], timeout=60)
    assert done.code == UNABLE, done.output
    assert "missing" in done.output
    assert "Traceback" not in done.output


def test_doctor_says_it_as_json_too(machine: Machine) -> None:
    done = machine.run("nosudo", "cd isolab && ./lab doctor --json", timeout=60)
    assert done.code == UNABLE, done.output
    checks = json.loads(done.output)["checks"]
    assert "missing" in {check["verdict"] for check in checks}


@pytest.mark.parametrize("terminal", TERMINAL, ids=["terminal", "no terminal"])
def test_without_sudo_up_ends_with_what_an_administrator_has_to_do(
    machine: Machine, terminal: bool
) -> None:
    answers = [Answer(r"\[y/N\]", "y"), Answer("password for nosudo:", PASSWORD)]
    done = machine.run(
        "nosudo",
        f"cd isolab && ./lab up {'' if terminal else '--yes'}",
        answers=answers if terminal else None,
        timeout=120,
    )
    assert done.code == UNABLE, done.output
    assert "administrator" in done.output
    assert "apt-get install" in done.output
    assert "Traceback" not in done.output


def test_a_password_that_nobody_can_type_ends_up(machine: Machine) -> None:
    done = machine.run("withpasswd", "cd isolab && ./lab up --yes", timeout=120)
    assert done.code == UNABLE, done.output
    assert "administrator" in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize("user", ["nopasswd", "withpasswd"])
def test_who_does_not_agree_gets_nothing_changed(machine: Machine, user: str) -> None:
    done = machine.run(user, "cd isolab && ./lab up", answers=[Answer(r"\[y/N\]", "n")], timeout=60)
    assert done.code == UNABLE, done.output
    assert done.output.count("[y/N]") == 1
    listed = done.output.partition("[y/N]")[0]
    assert [words for words in LISTED if words.format(user=user) not in listed] == []
    assert "nothing was changed" in done.output


@pytest.mark.parametrize("user", ["nopasswd", "withpasswd", "nosudo"])
def test_up_without_a_terminal_waits_for_nobody_to_agree(machine: Machine, user: str) -> None:
    done = machine.run(user, "cd isolab && ./lab up", timeout=60)
    assert done.code == UNABLE, done.output
    assert "--yes" in done.output
