"""From a clone to a lab and back, as people with sudo have it; each way on a machine of its own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from conftest import Fresh
from terminal import Answer, Result
from testmachine import PASSWORD, RELEASES, Machine

pytestmark = pytest.mark.long

CONSENT = r"\[y/N\]"
SUDO = "password for withpasswd:"
BUILT = ("guest", "services", "registry")
"""What is made from the checkout and retained by its content: another machine's serve too."""
WAYS = {
    "nopasswd, unattended, builds images": ("nopasswd", False, ()),
    "nopasswd, in a terminal": ("nopasswd", True, BUILT),
    "withpasswd, in a terminal": ("withpasswd", True, BUILT),
}
"""The user, whether there is a terminal, and what is taken from this machine's cache."""
PAGE = """python3 -c 'import sys, urllib.request
print(urllib.request.urlopen(*sys.argv[1:], timeout=60).read().decode())'"""


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A machine on which a user has brought the reference lab up."""

    machine: Machine
    user: str
    attended: bool
    """Whether its first up had a terminal."""
    first: Result
    """Of the first up, and of a status right behind it in the same login."""

    def __call__(self, words: str, *, answers: list[Answer] | None = None) -> Result:
        """Run `./lab WORDS` in a new login."""
        return self.machine.run(self.user, f"cd isolab && ./lab {words}", answers=answers)

    def url(self) -> str:
        """Where the guestbook answers."""
        (endpoint,) = json.loads(self("status --json 2>/dev/null").output)["endpoints"]
        return endpoint["url"]

    def page(self, *form: str) -> str:
        """The guestbook's page."""
        done = self.machine.run(self.user, f"{PAGE} {self.url()}")
        assert done.code == 0, done.output
        return done.output


@pytest.fixture(
    scope="module",
    params=[(release, way) for release in RELEASES for way in WAYS],
    ids=lambda param: f"{param[0]}, {param[1]}",
)
def machine(request: pytest.FixtureRequest, fresh: Fresh) -> Iterator[tuple[Machine, str, bool]]:
    release, way = request.param
    user, attended, parts = WAYS[way]
    made = fresh(f"up-{release}", release, (user,), *parts)
    yield made, user, attended
    made.remove()


@pytest.fixture(scope="module")
def lab(machine: tuple[Machine, str, bool]) -> Lab:
    made, user, attended = machine
    command = (
        f"cd isolab && ./lab up {'' if attended else '--yes'}; echo up ended with $?; "
        "./lab status; echo status ended with $?"
    )
    answers = [Answer(CONSENT, "y"), Answer(SUDO, PASSWORD)] if attended else None
    first = made.run(user, command, answers=answers, timeout=1500)
    return Lab(machine=made, user=user, attended=attended, first=first)


def test_the_first_up_makes_a_lab_that_the_same_login_can_use(lab: Lab) -> None:
    assert "up ended with 0" in lab.first.output, lab.first.output
    assert "status ended with 0" in lab.first.output, lab.first.output


def test_the_first_up_asks_for_consent_once(lab: Lab) -> None:
    assert lab.first.asked.count(CONSENT) == (1 if lab.attended else 0)
    assert lab.first.asked.count(SUDO) == (1 if lab.user == "withpasswd" else 0)


def test_nobody_is_asked_for_another_accounts_password(lab: Lab) -> None:
    assert "AUTHENTICATING" not in lab.first.output


def test_the_page_answers(lab: Lab) -> None:
    assert "<html" in lab.page()


def test_the_second_up_asks_and_changes_nothing(lab: Lab) -> None:
    done = lab("up --yes")
    assert done.code == 0, done.output
    asked = lab("up", answers=[])
    assert asked.code == 0, asked.output


def test_doctor_finds_nothing_missing(lab: Lab) -> None:
    done = lab("doctor", answers=[])
    assert done.code == 0, done.output


def test_lessons_hold(lab: Lab) -> None:
    done = lab("check 1 7")
    assert done.code == 0, done.output


def test_after_a_reboot_up_brings_the_lab_back_with_its_data(lab: Lab) -> None:
    url = lab.url()
    entry = "name=A+tester&text=Before+the+reboot"
    posted = lab.machine.run(
        lab.user,
        "python3 -c 'import sys, urllib.request; "
        "urllib.request.urlopen(sys.argv[1], sys.argv[2].encode(), timeout=60)' "
        f"{url}/ '{entry}'",
    )
    assert posted.code == 0, posted.output
    lab.machine.reboot()
    ended = lab.machine.run("root", "journalctl --unit libvirt-guests --output cat", login=False)
    assert "Shutdown of guest isolab-reference-app-1 complete" in ended.output, ended.output
    now = lab("status")
    assert (now.code, "app-1 is shut off" in now.output) == (1, True), now.output
    done = lab("up --yes")
    assert done.code == 0, done.output
    assert "Before the reboot" in lab.page()


def test_an_up_that_was_killed_is_gone_on_with(lab: Lab) -> None:
    lab("down --yes")
    lab.machine.run(lab.user, "cd isolab && timeout --signal=KILL 10 ./lab up --yes")
    done = lab("up --yes")
    assert done.code == 0, done.output
    assert "<html" in lab.page()


def test_down_leaves_nothing(lab: Lab) -> None:
    done = lab("down --yes")
    assert done.code == 0, done.output
    left = lab.machine.run(
        "root",
        "virsh list --all --name; virsh net-list --name; virsh pool-list --all --name;"
        "docker ps --all --quiet; pgrep -a qemu",
        login=False,
    )
    assert left.output.split() == []
