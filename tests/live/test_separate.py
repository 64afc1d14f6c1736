"""A guest for each service: what they share, and what they do not."""

from collections.abc import Iterator

import pytest
from conftest import Lab, changes, page, post


@pytest.fixture(scope="module")
def separate() -> Iterator[Lab]:
    """The separate stack, up; taken down at the end."""
    lab = Lab("separate")
    lab("up", "--yes", "separate")
    yield lab
    lab.down()


def test_the_page_keeps_an_entry_in_the_database_of_the_other_guest(separate: Lab) -> None:
    post(separate.url(), "retained across guests")
    served = page(separate.url())
    assert "retained across guests" in served
    assert "web-1" in served


def test_each_guest_runs_its_own_service_alone(separate: Lab) -> None:
    guests = {guest["name"]: guest for guest in separate.status()["guests"]}
    running = {
        name: [(c["name"], c["health"]) for c in guest["containers"]]
        for name, guest in guests.items()
    }
    assert running == {"db-1": [("db-1", "healthy")], "web-1": [("web-1", "healthy")]}
    for name in guests:
        there = separate("ssh", "--stack", "separate", name, "--", "docker ps --format {{.Names}}")
        assert there.split() == [name]


def test_a_second_up_proposes_nothing(separate: Lab) -> None:
    assert changes("separate") == {}
