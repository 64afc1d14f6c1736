"""The guest image in the cache: a half-made one is never used."""

from pathlib import Path

import pytest

from machine.images import cache, cpio, guest_image


def test_an_interrupted_folder_leaves_nothing_and_a_whole_one_stays(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), cache.folder(tmp_path / "image") as partial_folder:
        (partial_folder / "disk").write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    with cache.folder(tmp_path / "image") as partial_folder:
        (partial_folder / "disk").write_text("whole")
    assert (tmp_path / "image/disk").read_text() == "whole"


def test_what_a_killed_process_left_is_swept_up(tmp_path: Path) -> None:
    leftover = tmp_path / f"{cache.PARTIAL}killed"
    leftover.mkdir()
    (tmp_path / "image").mkdir()
    with cache.alone(tmp_path):
        assert not leftover.exists()
        assert (tmp_path / "image").exists()


def test_find_ignores_an_image_without_its_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path))
    assert guest_image.find() is None
    monkeypatch.setattr(guest_image.service_images, "preload_digest", lambda: "layers")
    digest = guest_image.recipe_digest()
    assert digest
    folder = tmp_path / "guest" / digest
    folder.mkdir(parents=True)
    assert guest_image.find() is None
    (folder / "manifest.json").write_text("{}")
    assert guest_image.find() is None


def test_an_initrd_holds_folders_files_and_links(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/busybox").write_bytes(b"program")
    (tmp_path / "bin/sh").symlink_to("busybox")
    archive = cpio.archive(tmp_path)
    assert len(archive) % 4 == 0
    assert archive.count(b"070701") == len(["bin", "bin/busybox", "bin/sh", "TRAILER!!!"])
    assert b"bin/sh\0" in archive
    assert b"program" in archive
