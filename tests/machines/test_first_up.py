"""From a clone to a lab and back, as people with sudo have it; each way on a machine of its own."""

import json
import time
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
TABLES = """set -e
for table in $(nft list tables inet | sed -n 's/^table inet \\(isolab-.*\\)$/\\1/p'); do
    nft list table inet $table
done"""
GATEWAY = (
    "virsh net-dumpxml isolab-reference | sed -n \"s/.*<ip .*address='\\([0-9.]*\\)'.*/\\1/p\""
)
PORT = 8099
"""Of a listener on the machine that is none of the lab's."""
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

    def page(self) -> str:
        """The guestbook's page."""
        done = self.machine.run(self.user, f"{PAGE} {self.url()}")
        assert done.code == 0, done.output
        return done.output

    def root(self, command: str) -> str:
        """What root's command printed, which has to succeed."""
        done = self.machine.run("root", command, login=False)
        assert done.code == 0, done.output
        return done.output

    def tables(self) -> str:
        """The rules that close the machine to its guests; empty where there are none."""
        return self.root(TABLES)

    def reaches(self, address: str, port: int) -> bool:
        """Whether a connection from the guest is accepted."""
        dial = f"timeout 10 bash -c '</dev/tcp/{address}/{port}'"
        return self(f'ssh app-1 -- "{dial}"').code == 0


@pytest.fixture(
    scope="module",
    params=[(release, way) for release in RELEASES for way in WAYS],
    ids=lambda param: f"{param[0]}, {param[1]}",
)
def machine(request: pytest.FixtureRequest, fresh: Fresh) -> Iterator[tuple[Machine, str, bool]]:
    release, way = request.param
    user, attended, parts = WAYS[way]
    made = fresh(f"up-{release}", release, (user,), "engine", *parts)
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


def test_the_machines_mounts_are_shared_as_before(lab: Lab) -> None:
    # Newer versions of mmdebstrap make them private where they build an image.
    assert lab.root("findmnt -no PROPAGATION /").strip() == "shared"


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


def test_the_machine_is_closed_to_its_guests(lab: Lab) -> None:
    before = lab.tables()
    assert before.count("table inet isolab-") == 1
    gateway = lab.root(GATEWAY).strip()
    lab.root(f"systemd-run --quiet --unit listener python3 -m http.server {PORT}")
    lab.root(f"timeout 30 bash -c 'until </dev/tcp/127.0.0.1/{PORT}; do sleep 1; done'")
    assert lab.reaches(gateway, 5000), "the registry"
    assert not lab.reaches(gateway, PORT)
    assert not lab.reaches(lab.machine.address(), PORT)
    lab.root("systemctl restart libvirtd")
    assert lab.tables() == before


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
    assert lab.tables().count("table inet isolab-") == 1, "libvirt's network is back, not the rules"
    now = lab("status")
    assert (now.code, "app-1 is shut off" in now.output) == (1, True), now.output
    done = lab("up --yes")
    assert done.code == 0, done.output
    assert "Before the reboot" in lab.page()


def test_with_autostart_the_lab_comes_back_by_itself(lab: Lab) -> None:
    lab.root(f"echo 'host: {{autostart: true}}' >>/home/{lab.user}/isolab/stacks/reference.yaml")
    done = lab("up --yes")
    assert done.code == 0, done.output
    lab.machine.reboot()
    deadline = time.monotonic() + 600
    while (now := lab("status")).code and time.monotonic() < deadline:
        time.sleep(5)
    assert now.code == 0, now.output
    assert "Before the reboot" in lab.page()
    assert lab.tables().count("table inet isolab-") == 1


def test_a_registry_that_docker_started_before_the_network_is_started_by_it(lab: Lab) -> None:
    registry = "docker ps --filter name=registry --format '{{.Names}} {{.State}}' | sort"
    before = lab.root(registry)
    assert before.count(" running") == 2, before
    network = "isolab-reference"
    lab.root(f"systemctl stop docker docker.socket && virsh net-destroy {network}")
    lab.root("systemctl start docker")
    assert lab.root(registry).count(" running") == 1
    lab.root(f"virsh net-start {network}")
    deadline = time.monotonic() + 60
    while lab.root(registry) != before and time.monotonic() < deadline:
        time.sleep(1)
    assert lab.root(registry) == before


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
        "docker ps --all --quiet; pgrep -a qemu; nft list tables | grep isolab-",
        login=False,
    )
    assert left.output.split() == []
