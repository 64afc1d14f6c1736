"""Servers that several modules talk to."""

from collections.abc import Iterator

import pytest
import registry
import sshd


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[registry.Registry]:
    """A registry with two tiny images."""
    made = registry.Registry.start(tmp_path_factory.mktemp("registry") / "registry")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sshd.Server]:
    """An ssh server that leads to this same machine, with a file that pins its key."""
    made = sshd.Server.prepare(tmp_path_factory.mktemp("guest") / "guest")
    made.start()
    yield made
    made.stop()
