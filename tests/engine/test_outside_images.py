"""Images that are not isolab's own, on a real dockerd: into the store, and out of it by digest."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import registry as test_registry

from isolab.cli import main
from isolab.model import GuestGroup, Lab, Service
from isolab.plan import images
from machine.host.docker_cli import docker, image_id
from machine.images import outside, registry, service_images

pytestmark = pytest.mark.engine


@pytest.fixture
def name() -> Iterator[str]:
    """An image of this test alone, in Docker; nothing is left of it."""
    service_images.ensure(print)
    called = f"outside.example/{uuid4().hex[:8]}/tiny:1"
    test_registry.make(called)
    yield called
    outside.forget(called)
    if image_id(called):
        docker("rmi", called)


@pytest.fixture
def archive(name: str, tmp_path: Path) -> Path:
    """What docker save wrote; Docker has the image no more."""
    file = tmp_path / "tiny.tar"
    docker("save", "--output", file, name)
    docker("rmi", name)
    return file


def digest_of(name: str) -> str:
    return outside.digests(lab_of(name))[name]


def lab_of(name: str) -> Lab:
    return Lab(
        name="outside",
        file="outside.yaml",
        guests=(GuestGroup(name="app"),),
        services=(Service(name="web", image=name),),
    )


def served(name: str) -> str:
    """What the image says when it was pulled from the lab's registry by its digest."""
    tag = "isolab-test-outside:pulled"
    with registry.serving(service_images.load_registry_image()) as address:
        registry.pull(f"{images.outside(name)}:x", digest_of(name), address, tag=tag)
    try:
        return docker(
            "run", "--rm", "--network", "none", "--entrypoint", "/bin/busybox", tag, "echo", "here"
        )
    finally:
        docker("rmi", "--force", tag)


def test_an_image_of_a_file_is_pulled_by_digest(name: str, archive: Path) -> None:
    assert outside.digests(lab_of(name)) == {}
    assert main(["image", "add", str(archive)]) == 0
    assert served(name) == "here"
    first = digest_of(name)
    assert main(["image", "add", str(archive)]) == 0
    assert digest_of(name) == first


def test_an_oci_layout_without_a_name_gets_one(name: str, archive: Path, tmp_path: Path) -> None:
    layout = tmp_path / "layout"
    skopeo = ["skopeo", "copy", "--insecure-policy", f"docker-archive:{archive}", f"oci:{layout}"]
    subprocess.run(skopeo, check=True, capture_output=True)
    assert main(["image", "add", str(layout)]) == 2
    assert main(["image", "add", str(layout), "--as", name]) == 0
    assert served(name) == "here"


def test_an_image_of_this_docker_is_added_by_name(name: str) -> None:
    assert main(["image", "add", name]) == 0
    assert outside.recorded()[name].origin == "docker"
    docker("rmi", name)
    assert served(name) == "here"


def test_what_is_exported_has_its_name_and_digest_on_another_machine(
    name: str, archive: Path, tmp_path: Path
) -> None:
    assert main(["image", "add", str(archive)]) == 0
    digest = digest_of(name)
    lab = tmp_path / "shop.yaml"
    lab.write_text(f"name: shop\nguests: {{app: {{}}}}\nservices:\n  web: {{image: '{name}'}}\n")
    file = tmp_path / "images.tar"
    assert main(["image", "export", str(lab), str(file)]) == 0
    outside.forget(name)
    assert main(["image", "export", str(lab), str(file)]) == 3
    assert main(["image", "add", str(file)]) == 0
    assert digest_of(name) == digest
    assert served(name) == "here"
