"""Images from elsewhere: their names, what archives hold, what the store has, what is missing."""

import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from isolab.cli import main
from isolab.cli.output import changes
from isolab.diff.compare import diff
from isolab.plan import images
from isolab.plan.model import Plan, Surroundings
from machine import stack as machine_stack
from machine.images import archives, outside, reachable, service_catalog, skopeo
from machine.images.outside import Stored

DIGEST = "sha256:" + "a" * 64
LAB = "name: shop\nguests: {app: {}}\nservices:\n  web: {image: nginx}\n"


@pytest.mark.parametrize(
    ("image", "full", "repository"),
    [
        ("nginx", "docker.io/library/nginx:latest", "docker.io/library/nginx"),
        ("shop/web:1", "docker.io/shop/web:1", "docker.io/shop/web"),
        ("docker.io/nginx:1", "docker.io/library/nginx:1", "docker.io/library/nginx"),
        ("index.docker.io/shop/web", "docker.io/shop/web:latest", "docker.io/shop/web"),
        ("ghcr.io/a/b:2", "ghcr.io/a/b:2", "ghcr.io/a/b"),
        ("localhost/a", "localhost/a:latest", "localhost/a"),
        ("Registry:5000/a", "Registry:5000/a:latest", "registry-5000/a"),
        ("10.0.0.1:5000/a/b:2", "10.0.0.1:5000/a/b:2", "10.0.0.1-5000/a/b"),
        (f"nginx@{DIGEST}", f"docker.io/library/nginx@{DIGEST}", "docker.io/library/nginx"),
        (f"a/b:1@{DIGEST}", f"docker.io/a/b:1@{DIGEST}", "docker.io/a/b"),
    ],
)
def test_a_name_is_completed_as_docker_does_it(image: str, full: str, repository: str) -> None:
    assert images.full_name(image) == full
    assert images.outside(image) == f"isolab-images/{repository}"


def test_isolabs_own_images_come_from_nowhere_else() -> None:
    assert not images.is_outside("isolab/python:1")
    assert images.is_outside("isolab.example.org/python:1")


def tar(file: Path, **documents: object) -> Path:
    with tarfile.open(file, "w") as archive:
        for name, document in documents.items():
            content = json.dumps(document).encode()
            member = tarfile.TarInfo(f"{name}.json")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file


def found(path: Path) -> list[tuple[str, str]]:
    return [(image.name, image.source) for image in archives.read(path)]


def test_what_docker_save_wrote_has_all_its_names(tmp_path: Path) -> None:
    rows = [{"RepoTags": ["a/b:1", "a/b:2"]}, {"RepoTags": None}]
    # Docker from version 25 on writes both.
    file = tar(tmp_path / "saved", index={"manifests": []}, manifest=rows)
    source = f"docker-archive:{file}"
    assert found(file) == [
        ("a/b:1", f"{source}:a/b:1"),
        ("a/b:2", f"{source}:a/b:2"),
        ("", f"{source}:@1"),
    ]


def test_a_tag_alone_is_no_name_in_an_oci_archive(tmp_path: Path) -> None:
    key = "org.opencontainers.image.ref.name"
    rows = [{"annotations": {key: "docker.io/a/b:1"}}, {"annotations": {key: "1.0"}}]
    file = tar(tmp_path / "oci", index={"manifests": rows})
    source = f"oci-archive:{file}"
    assert found(file) == [("docker.io/a/b:1", f"{source}:docker.io/a/b:1"), ("", f"{source}:1.0")]


def test_what_holds_no_image_is_refused_as_bad_input(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no archive")
    tar(tmp_path / "exported", other={})
    for name in ("folder", "text", "exported"):
        assert main(["image", "add", str(tmp_path / name)]) == 2


def test_an_image_of_isolabs_own_cannot_be_replaced(tmp_path: Path) -> None:
    file = tar(tmp_path / "own.tar", manifest=[{"RepoTags": ["isolab/python:1"]}])
    assert main(["image", "add", str(file)]) == 2
    assert main(["image", "add", str(file), "--as", "Not A Name"]) == 2


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / "home"))
    return tmp_path


def store(name: str) -> None:
    """As if it had been added: its link and its manifest."""
    storage = service_catalog.storage() / "docker/registry/v2"
    value = DIGEST.removeprefix("sha256:")
    link = storage / "repositories" / images.outside(name) / "_manifests/revisions/sha256" / value
    blob = storage / "blobs/sha256" / value[:2] / value
    for folder in (link, blob):
        folder.mkdir(parents=True)
    (link / "link").write_text(DIGEST)
    layer = storage / "blobs/sha256/bb" / ("b" * 64)
    layer.mkdir(parents=True)
    (layer / "data").write_text("a layer")
    rows = [{"size": 2**20, "digest": f"sha256:{layer.name}"}]
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    (blob / "data").write_text(json.dumps({"mediaType": kind, "layers": rows}))
    row = Stored(digest=DIGEST, id="", size=2**20, origin="added", source="file")
    outside.record(images.full_name(name), row)


def listed(file: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["image", "list", str(file), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["images"]
    return row


def test_the_list_of_a_lab_says_what_is_there(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = cache / "shop.yaml"
    file.write_text(LAB)
    before = listed(file, capsys)
    assert (before["image"], before["from"], before["there"]) == ("nginx", "outside", False)
    store("nginx")
    after = listed(file, capsys)
    assert (after["from"], after["there"], after["digest"]) == ("added", True, DIGEST)
    assert (after["size"], after["services"]) == (2**20, ["web"])


def planned(file: Path) -> Plan:
    found = machine_stack.plan_file_on_host(file, {}, Surroundings(stack="shop"))
    assert isinstance(found, Plan)
    return found


def test_guests_pull_it_by_digest_from_the_labs_registry(cache: Path) -> None:
    file = cache / "shop.yaml"
    file.write_text(LAB)
    (before,) = planned(file).containers
    assert images.unresolved(before)
    assert images.reference(before, "10.0.0.1:5000") == "nginx"
    store("nginx")
    (after,) = planned(file).containers
    reference = f"10.0.0.1:5000/isolab-images/docker.io/library/nginx@{DIGEST}"
    assert images.reference(after, "10.0.0.1:5000") == reference


def test_another_image_under_the_name_is_a_change(cache: Path) -> None:
    file = cache / "shop.yaml"
    file.write_text(LAB)
    store("nginx")
    new = planned(file)
    (container,) = new.containers
    guest = replace(new.guests[0], containers=(replace(container, digest="sha256:" + "c" * 64),))
    told = "\n".join(changes.as_text(diff(replace(new, guests=(guest,)), new, {})))
    assert "image nginx cccccccccccc -> aaaaaaaaaaaa" in told


def test_up_says_what_is_missing_before_anything_is_touched(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = cache / "shop.yaml"
    file.write_text(LAB)
    monkeypatch.setattr(reachable, "refusal", "no way to {}".format)
    assert main(["up", "--yes", str(file)]) == 3
    said = capsys.readouterr().err
    assert "nginx; nothing was changed" in said
    assert "no way to docker.io" in said
    assert "./lab image add" in said


def test_an_export_is_an_archive_that_can_be_added(cache: Path) -> None:
    file = cache / "shop.yaml"
    file.write_text(LAB)
    assert main(["image", "export", str(file), str(cache / "images.tar")]) == 3
    store("nginx")
    assert main(["image", "export", str(file), str(cache / "images.tar")]) == 0
    (image,) = archives.read(cache / "images.tar")
    assert image.name == "docker.io/library/nginx:latest"
    with archives.opened(cache / "images.tar") as (held,):
        layout = Path(held.source.removeprefix("oci:"))
        assert (layout / "blobs/sha256" / ("b" * 64)).read_text() == "a layer"
        (row,) = json.loads((layout / "index.json").read_text())["manifests"]
        assert row["digest"] == DIGEST
    assert not layout.exists()
    with tarfile.open(cache / "images.tar") as archive:
        assert {f"blobs/sha256/{c * 64}" for c in "ab"} < set(archive.getnames())


@pytest.mark.parametrize(
    ("stderr", "words"),
    [
        ("toomanyrequests: You have reached your pull rate limit", "Docker Hub limits"),
        ("x509: certificate signed by unknown authority", "/etc/docker/certs.d/docker.io/ca.crt"),
        ("unauthorized: authentication required", "docker login"),
        ("reading manifest 9 in docker.io/library/nginx: manifest unknown", "no such image"),
        ("something else", "could not be copied"),
    ],
)
def test_what_a_registry_refuses_is_told_as_what_it_is(stderr: str, words: str) -> None:
    line = f'time="2026" level=fatal msg="initializing source: {stderr}"'
    assert words in " ".join(skopeo.explained("docker.io/library/nginx:9", line))
