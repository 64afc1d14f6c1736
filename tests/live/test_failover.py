"""The replicated lab while things go wrong: every acknowledged write is found again at the end."""

from collections.abc import Iterator

import pytest
from conftest import Lab

from isolab.cli import deployed
from machine.failover.faults import FAULTS, Fault
from machine.failover.scene import Scene
from machine.failover.trial import hold

pytestmark = [pytest.mark.live, pytest.mark.long]
LAB = "replicated"


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """Three guests, up; taken down at the end."""
    lab = Lab(LAB)
    lab("up", "--yes", LAB)
    yield Scene(plan=deployed.required(LAB))
    lab.down()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_no_acknowledged_write_is_lost(scene: Scene, fault: Fault) -> None:
    result = hold(scene, fault)
    assert result.acknowledged > 0
    assert result.lost == 0
