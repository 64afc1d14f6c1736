"""isolab's own images with today's packages."""

import json
from pathlib import Path

import pytest

from isolab.cli import main
from machine.images import guest_image, refresh, service_catalog, service_images
from machine.images.refresh import Refreshed
from machine.images.service_catalog import Recipe
from machine.setup import provision
from machine.steps import Unable

OLD, NEW = "sha256:" + "1" * 64, "sha256:" + "2" * 64


def test_packages_are_told_where_both_lists_are_known() -> None:
    before = {"curl": "1", "libssl3": "3.0.14", "gone": "1"}
    after = {"curl": "1", "libssl3": "3.0.15", "more": "2"}
    assert refresh.changes(before, after) == (
        "gone 1 -> removed",
        "libssl3 3.0.14 -> 3.0.15",
        "more new -> 2",
    )
    assert refresh.changes(None, after) == ()
    assert refresh.changes(before, before) == ()


def test_all_images_are_built_also_those_whose_recipe_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path))
    asked: list[str] = []
    monkeypatch.setattr(
        service_images, "_build", lambda recipes, report: asked.extend(r.name for r in recipes)
    )
    service_images.rebuild(print)
    assert asked == [recipe.name for recipe in service_catalog.IMAGES]


def test_a_build_is_told_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path))
    said: list[str] = []

    def fail(recipe: Recipe, report: object) -> None:
        raise Unable(f"after {said}")

    monkeypatch.setattr(service_images.service_build, "build", fail)
    with pytest.raises(Unable, match="after \\['image isolab/base:1: building it'\\]"):
        service_images.rebuild(said.append)


def test_the_guest_image_follows_the_service_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path))
    layers = "old"
    monkeypatch.setattr(guest_image.service_images, "preload_digest", lambda: layers)
    built: list[Path] = []

    def build(report: object) -> Path:
        folder = guest_image.place() / (guest_image.recipe_digest() or "")
        _image(folder, folder.name)
        built.append(folder)
        return folder

    monkeypatch.setattr(guest_image, "_build", build)
    first = guest_image.ensure(print)
    assert guest_image.ensure(print) == first
    layers = "new"
    assert guest_image.ensure(print).digest != first.digest
    assert len(built) == 2
    assert built[0].exists()


def test_an_image_of_another_recipe_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path))
    monkeypatch.setattr(guest_image.service_images, "preload_digest", lambda: "layers")
    _image(tmp_path / "guest" / "another", "another")
    assert guest_image.find() is None


def test_the_command_says_what_is_new(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    news = (
        Refreshed(name="isolab/base:1", before=OLD, after=NEW, packages=("curl 1 -> 2",)),
        Refreshed(name="guest image", before="", after="3" * 64, packages=()),
    )
    monkeypatch.setattr(provision, "refresh_images", lambda report, yes: news)
    assert main(["image", "refresh"]) == 0
    said = capsys.readouterr().out
    assert "isolab/base:1            sha256:111111111111 -> sha256:222222222222\n" in said
    assert "  curl 1 -> 2\n" in said
    assert "guest image              not built           -> 3333333333333333333\n" in said
    assert "no stack was changed" in said


def _image(folder: Path, digest: str) -> None:
    folder.mkdir(parents=True)
    manifest = {
        "digest": digest,
        "virtual_size": 64,
        "prepared": True,
        "direct": True,
        "arguments": [],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
