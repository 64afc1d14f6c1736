"""What it costs a user, and not root, to bring a first lab up: little more."""

import pytest
from conftest import Fresh
from testmachine import RELEASES, Release

pytestmark = pytest.mark.long

CACHED = ("engine", "guest", "services", "registry")
AT_MOST = 1.25
"""Of root's: processor time, which other work on the machine outside does not change."""


@pytest.mark.parametrize("release", RELEASES)
def test_a_users_first_up_costs_little_more_than_roots(fresh: Fresh, release: Release) -> None:
    taken: dict[str, float] = {}
    for user in ("root", "nopasswd"):
        machine = fresh(f"cost-{release}", release, (user,), *CACHED)
        before = machine.processor_seconds()
        done = machine.run(user, "cd isolab && ./lab up --yes", timeout=1500)
        taken[user] = machine.processor_seconds() - before
        assert done.code == 0, done.output
        print(f"{release}, {user}: {taken[user]:.0f} s of processor time, {done.seconds:.0f} s")
        machine.remove()
    assert taken["nopasswd"] <= AT_MOST * taken["root"], taken
