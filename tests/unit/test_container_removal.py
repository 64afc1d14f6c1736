"""A container that Docker does not get rid of ends a removal, instead of holding it up for ever."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import NotFound

from airgap.docker import container_wait
from airgap.framework import Failure
from airgap.framework.ending import Ending


def removing(cancelled: threading.Event, looks: int) -> Any:
    """A container that is there for so many looks."""
    left = iter(range(looks))

    def inspect(_: str) -> dict[str, str]:
        if next(left, None) is None:
            raise NotFound("no such container")
        return {"Id": "x"}

    api = SimpleNamespace(inspect_container=inspect)
    return SimpleNamespace(client=SimpleNamespace(api=api), ending=Ending(cancelled))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long."""
    monkeypatch.setattr(container_wait, "LOOK_EVERY", 0.001)
    monkeypatch.setattr(container_wait, "REMOVAL_TIMEOUT", 0.05)


def test_a_container_that_goes_a_little_later_is_gone() -> None:
    container_wait.gone(removing(threading.Event(), 3), "x", "web-1")


def test_a_container_that_stays_is_a_failure_with_its_name() -> None:
    with pytest.raises(Failure, match=r"timed out after 0\.05 s while .* container web-1"):
        container_wait.gone(removing(threading.Event(), 10**6), "x", "web-1")


def test_an_interrupt_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_wait, "REMOVAL_TIMEOUT", 10**6)
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Failure, match="cancelled while"):
        container_wait.gone(removing(cancelled, 10**6), "x", "web-1")
