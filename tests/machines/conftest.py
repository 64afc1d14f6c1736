"""Machines for the tests; each ends with the tests, however these end."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import testmachine
from testmachine import RELEASES, USERS, Machine, Release

REPO = Path(__file__).parents[2]
Fresh = Callable[..., Machine]


@pytest.fixture(scope="session")
def fresh() -> Iterator[Fresh]:
    """Makes and starts a machine on which users have a clone, and parts of this one's cache."""
    if reason := testmachine.unable():
        pytest.skip(f"no machines here: {reason}")
    made: list[Machine] = []

    def make(name: str, release: Release, users: tuple[str, ...], *parts: str) -> Machine:
        machine = Machine(f"{name}-{os.getpid()}")
        made.append(machine)
        testmachine.new(machine.name, release, until=os.getpid())
        machine.start()
        for user in users:
            machine.clone(REPO, user)
            machine.seed(user, parts)
        return machine

    yield make
    for machine in made:
        machine.remove()


@pytest.fixture(scope="session", params=RELEASES)
def machine(request: pytest.FixtureRequest, fresh: Fresh) -> Machine:
    """One that nothing has been installed on; for tests that leave it so."""
    release = request.param
    return fresh(f"test-{release}", release, USERS)
