"""The plain script's folder: everything of the plan is in it, in words that a shell takes."""

import shlex
from pathlib import Path

import pytest

from benchmarks import plain_lab
from isolab.plan.model import GuestImage, Plan, Surroundings
from isolab.plan.read import plan_file
from machine import paths
from machine.images.service_images import RegistryFiles

SEED = "00" * 32
IMAGE = GuestImage(digest="d", disk="/disk", virtual_size=1024, prepared=True)
REGISTRY = RegistryFiles(image="sha256:1", storage="/registry")


@pytest.fixture(scope="module")
def planned() -> Plan:
    plan = plan_file(paths.REPO / "stacks" / "replicated.yaml", {}, Surroundings(stack="plain"))
    assert isinstance(plan, Plan)
    return plan


@pytest.fixture(scope="module")
def folder(planned: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("plain")
    plain_lab.write(made, planned, IMAGE, SEED, REGISTRY)
    return made


def test_each_container_is_written_below_its_guest(planned: Plan, folder: Path) -> None:
    for guest in planned.guests:
        settings = (folder / guest.name / "guest.sh").read_text()
        assert f"ADDRESS={guest.address}\n" in settings
        for container in guest.containers:
            create = (folder / guest.name / f"{container.name}.create.sh").read_text()
            assert create.splitlines()[-1] == f"docker start {container.name}"


def test_a_value_with_spaces_is_one_word(folder: Path) -> None:
    create = (folder / "app-2" / "web-2.create.sh").read_text().splitlines()[0]
    assert "--env=DB_HOST=db, db-1, db-2, db-3" in shlex.split(create)


def test_what_a_container_waits_for_is_named(folder: Path) -> None:
    assert (folder / "app-2" / "web-2.after").read_text() == "db-2"
    assert (folder / "app-2" / "db-2.after").read_text() == ""


def test_the_balancer_is_on_the_hosts_network(planned: Plan, folder: Path) -> None:
    (balancer,) = planned.balancers
    create = (folder / "host" / f"{balancer.container.name}.create.sh").read_text()
    assert "--network=host" in create
