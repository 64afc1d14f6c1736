"""The replicated lab while things go wrong: every acknowledged write is found again at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Lab

from benchmarks.failover.client import Client
from benchmarks.failover.faults import FAULTS, Fault
from benchmarks.failover.scene import Scene
from benchmarks.failover.trial import hold
from isolab.cli.context import deployed
from isolab.cli.context.lesson_environment import lesson_environment
from isolab.lessons import read
from isolab.lessons.check import check_claim
from isolab.lessons.model import Claim, Lesson
from machine import paths
from tests.live.breaking import broken

LAB = "replicated"
SHORT = ("guest",)
LONG = pytest.mark.long
ROLLING = {
    "image": ("image: isolab/guestbook:1", "image: guestbook-of-the-test:2\n    build: ./image"),
    "environment": ("DB_NAME: guestbook", "DB_NAME: guestbook\n      CHANGED: once"),
    "balancer": ("check: /healthz}", "check: /healthz, sticky: true}"),
    "memory": ("memory: 1GiB", "memory: 1088MiB"),
}
"""What changes in the lab file, one replica after the other."""
CLAIMS = [
    (lesson, claim) for lesson in read.catalogue() if lesson.stack == LAB for claim in lesson.claims
]


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """Three guests, up; taken down at the end."""
    lab = Lab(LAB)
    lab("up", "--yes", LAB)
    yield Scene(plan=deployed.required(LAB))
    lab.down()


@pytest.mark.parametrize(
    "fault",
    [pytest.param(f, id=f.name, marks=() if f.name in SHORT else LONG) for f in FAULTS],
)
def test_no_acknowledged_write_is_lost(scene: Scene, fault: Fault) -> None:
    result = hold(scene, fault)
    assert result.acknowledged > 0
    assert result.lost == 0


@pytest.fixture(scope="module")
def changing(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the lab file, beside it an image that differs from the guestbook."""
    folder = tmp_path_factory.mktemp("changing")
    (folder / "image").mkdir()
    (folder / "image/Dockerfile").write_text("FROM isolab/guestbook:1\nENV CHANGED=once\n")
    file = folder / "replicated.yaml"
    file.write_text((paths.REPO / "stacks/replicated.yaml").read_text())
    return file


@LONG
@pytest.mark.parametrize("what", ROLLING)
def test_no_request_fails_while_replicas_change_one_by_one(
    scene: Scene, changing: Path, what: str
) -> None:
    old, new = ROLLING[what]
    assert changing.read_text().count(old) == 1
    changing.write_text(changing.read_text().replace(old, new))
    client = Client(scene.url)
    client.start()
    try:
        Lab(LAB)("up", "--yes", "--stack", LAB, str(changing))
    finally:
        seen = client.stop()
    print(f"{what}: {seen.sent} requests, {seen.failed} failed, gap {seen.longest_gap:.1f} s")
    held = [scene.entries(guest) for guest in scene.plan.guests]
    assert seen.acknowledged
    assert seen.failed == 0
    assert all(seen.acknowledged <= entries for entries in held)


@LONG
def test_all_members_stop_and_begin_again_with_the_data(scene: Scene) -> None:
    before = [scene.entries(guest) for guest in scene.plan.guests]
    lab = Lab(LAB)
    lab("down", LAB, "--keep-data")
    lab("up", "--yes", LAB)
    assert [scene.entries(guest) for guest in scene.plan.guests] == before


@LONG
@pytest.mark.parametrize(("lesson", "claim"), CLAIMS, ids=[claim.id for _, claim in CLAIMS])
def test_a_claim_holds_and_its_mutation_breaks_it(
    scene: Scene, lesson: Lesson, claim: Claim
) -> None:
    with lesson_environment(scene.plan) as here:
        assert check_claim(claim, lesson, here).verdict == "holds"
        with broken(scene.plan, lesson, claim.mutation, here) as (mutated, there):
            assert check_claim(claim, mutated, there).verdict == "broken"
