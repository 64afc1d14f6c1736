"""A stack's registry knows the images of the stack's own plan, and no others of the machine."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.host import registry_inputs
from isolab.plan.model import Plan, Surroundings
from isolab.plan.read import plan_file
from machine.images import registry_storage, registry_view
from machine.images.service_images import RegistryFiles

LAB = """\
name: view
guests: {app: {memory: 512MiB}}
services:
  web: {image: "isolab/guestbook:1", ports: ["8000:8000"]}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path / "cache"))
    before = os.umask(0o077)
    yield tmp_path
    os.umask(before)


def blob(content: str) -> str:
    name = hashlib.sha256(content.encode()).hexdigest()
    file = registry_storage.data(name)
    file.parent.mkdir(parents=True)
    file.write_text(content)
    return f"sha256:{name}"


def image(name: str) -> tuple[str, set[str]]:
    """An image that is an index of one, in the machine's storage; its digest, all its blobs."""
    layer, settings = blob(f"layer of {name}"), blob(f"settings of {name}")
    manifest = blob(json.dumps({"config": {"digest": settings}, "layers": [{"digest": layer}]}))
    index = blob(json.dumps({"manifests": [{"digest": manifest}], "of": name}))
    return index, {index, manifest, settings, layer}


def plan(folder: Path, digests: dict[str, str]) -> Plan:
    file = folder / "view.yaml"
    file.write_text(LAB)
    made = plan_file(file, {}, Surroundings(stack="view", digests=digests))
    assert isinstance(made, Plan)
    return made


def linked(folder: Path, kind: str) -> set[str]:
    return {link.read_text() for link in folder.glob(f"isolab/guestbook/{kind}/sha256/*/link")}


def test_a_stack_has_links_to_its_own_images_alone(home: Path) -> None:
    digest, needed = image("guestbook")
    other, _ = image("mariadb")
    made = plan(home, {"isolab/guestbook:1": digest, "isolab/mariadb:1": other})
    folder = registry_view.write(made)
    assert [path.name for path in folder.glob("*/*")] == ["guestbook"]
    assert linked(folder, "_layers") == needed
    assert digest in linked(folder, "_manifests/revisions")
    assert len(linked(folder, "_manifests/revisions")) == 2


def test_the_registrys_user_reads_them_whatever_the_umask_is(home: Path) -> None:
    digest, _ = image("guestbook")
    folder = registry_view.write(plan(home, {"isolab/guestbook:1": digest}))
    assert all(path.stat().st_mode & 0o004 for path in (folder, *folder.rglob("*")))


def test_what_an_earlier_plan_linked_stays(home: Path) -> None:
    first, _ = image("guestbook")
    second, _ = image("guestbook, another")
    registry_view.write(plan(home, {"isolab/guestbook:1": first}))
    folder = registry_view.write(plan(home, {"isolab/guestbook:1": second}))
    assert {first, second} <= linked(folder, "_manifests/revisions")


def test_an_image_that_is_not_whole_is_not_linked(home: Path) -> None:
    digest = f"sha256:{'0' * 64}"
    folder = registry_view.write(plan(home, {"isolab/guestbook:1": digest}))
    assert [*folder.iterdir()] == []


def test_the_registry_reads_the_stacks_names_and_the_machines_blobs() -> None:
    files = RegistryFiles(image="i", storage="/storage", repositories="/names")
    mounts: list[dict[str, Any]] = registry_inputs("r", files, "127.0.0.1", 5000)["mounts"]
    at = "/var/lib/registry/docker/registry/v2"
    assert {mount["source"]: mount["target"] for mount in mounts} == {
        "/storage/docker/registry/v2/blobs": f"{at}/blobs",
        "/names": f"{at}/repositories",
    }
    assert all(mount["read_only"] for mount in mounts)
