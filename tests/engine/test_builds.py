"""Images that a lab file builds, on a real dockerd and registry."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from isolab.model import Build, GuestGroup, Lab, Service
from isolab.plan import images
from isolab.plan.model import BuiltImage
from machine.host.docker_cli import docker
from machine.images import builds, registry, service_images

pytestmark = pytest.mark.engine


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text(
        "FROM isolab/python:1\nARG WORD=none\nRUN echo $WORD >/word\nCOPY . /site\n"
        "FROM isolab/base:1 AS second\nCOPY --from=0 /word /site /copied/\n"
    )
    (tmp_path / "index.html").write_text("hello")
    (tmp_path / "notes.txt").write_text("not for the image")
    (tmp_path / ".dockerignore").write_text("# comment\nnotes.txt\n")
    return tmp_path


@pytest.fixture(autouse=True)
def service_images_there() -> None:
    service_images.ensure(print)


@pytest.fixture
def said() -> list[str]:
    return []


def lab_of(context: Path) -> Lab:
    build = Build(context=str(context), args={"WORD": "spoken"}, target="second")
    return Lab(
        name="built",
        file="built.yaml",
        guests=(GuestGroup(name="app"),),
        services=(Service(name="web", image="", build=build),),
    )


def found(lab: Lab) -> BuiltImage:
    return builds.find(lab)["web"]


@pytest.fixture
def pulled(context: Path) -> Iterator[str]:
    """The built image, taken out of the registry by its digest."""
    lab = lab_of(context)
    builds.ensure(lab, print)
    digest = found(lab).digest
    assert digest
    tag = "isolab-test-build:pulled"
    with registry.serving(service_images.load_registry_image()) as address:
        registry.pull(f"{images.built('web')}:x", digest, address, tag=tag)
    yield tag
    docker("rmi", "--force", tag)


def test_the_registry_serves_what_was_built(pulled: str) -> None:
    run = ("run", "--rm", "--network", "none", pulled, "sh", "-c")
    assert docker(*run, "cat /copied/word") == "spoken"
    assert docker(*run, "cat /copied/index.html") == "hello"
    assert "notes.txt" not in docker(*run, "ls /copied")


def test_only_a_changed_context_is_built_again(context: Path, said: list[str]) -> None:
    lab = lab_of(context)
    builds.ensure(lab, said.append)
    first = found(lab)
    assert first.digest
    (context / "notes.txt").write_text("ignored")
    assert found(lab) == first
    # What was built in an earlier run is still there.
    (context / "index.html").write_text(f"changed {uuid4()}")
    second = found(lab)
    assert second.source != first.source
    assert second.digest is None
    builds.ensure(lab, said.append)
    third = found(lab)
    assert third.digest not in (None, first.digest)
    words = len(said)
    builds.ensure(lab, said.append)
    assert len(said) == words


def test_a_build_that_fails_says_why_at_its_end(context: Path, said: list[str]) -> None:
    dockerfile = context / "Dockerfile"
    dockerfile.write_text("FROM isolab/base:1\nRUN echo about to fail; exit 7\n")
    lab = lab_of(context)
    build = Build(context=str(context))
    lab = replace(lab, services=(Service(name="web", image="", build=build),))
    before = docker("ps", "--all", "--quiet").split()
    with pytest.raises(builds.BuildFailed) as failed:
        builds.ensure(lab, said.append)
    assert docker("ps", "--all", "--quiet").split() == before
    assert "about to fail" in str(failed.value)
    assert "7" in str(failed.value).splitlines()[-1]
    assert found(lab).digest is None


def test_an_image_of_a_name_that_docker_would_not_take() -> None:
    assert images.built("My_Service.2") == "isolab-build/my-service-2"
