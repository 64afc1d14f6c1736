"""Where the guest image comes from, and that a half-made one is never used."""

import hashlib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from servers import serving

from machine.images import cache, cpio, guest_download, guest_image


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A place that publishes an image, and the folder behind it."""
    folder = tmp_path / "published"
    folder.mkdir()
    image = b"an image" * 1000
    (folder / guest_download.IMAGE).write_bytes(image)
    (folder / guest_download.CHECKSUMS).write_text(
        f"{'0' * 128}  debian-12-nocloud-amd64.qcow2\n"
        f"{hashlib.sha512(image).hexdigest()}  {guest_download.IMAGE}\n"
    )
    with serving(partial(Quiet, directory=str(folder))) as address:
        yield address, folder


def ignore(line: str) -> None:
    """A report that goes nowhere."""


def test_a_download_is_cached_when_it_has_the_published_checksum(
    publisher: tuple[str, Path], tmp_path: Path
) -> None:
    place, folder = publisher
    target = tmp_path / "disk.qcow2"
    checksum = guest_download.published_checksum(place)
    guest_download.fetch(target, checksum, ignore, place)
    assert target.read_bytes() == (folder / guest_download.IMAGE).read_bytes()


def test_a_changed_download_is_not_cached(publisher: tuple[str, Path], tmp_path: Path) -> None:
    place, folder = publisher
    checksum = guest_download.published_checksum(place)
    (folder / guest_download.IMAGE).write_bytes(b"another image")
    target = tmp_path / "disk.qcow2"
    with pytest.raises(guest_download.CannotDownload, match="checksum"):
        guest_download.fetch(target, checksum, ignore, place)
    assert not target.exists()


def test_a_download_that_breaks_off_is_not_cached(
    publisher: tuple[str, Path], tmp_path: Path
) -> None:
    place, folder = publisher
    checksum = guest_download.published_checksum(place)
    (folder / guest_download.IMAGE).unlink()
    target = tmp_path / "disk.qcow2"
    with pytest.raises(guest_download.CannotDownload, match="run the command again"):
        guest_download.fetch(target, checksum, ignore, place)
    assert not target.exists()


def test_a_place_without_an_answer_is_out_of_reach(publisher: tuple[str, Path]) -> None:
    place, folder = publisher
    assert guest_download.reachable(place)
    (folder / guest_download.CHECKSUMS).unlink()
    assert not guest_download.reachable(place)
    assert not guest_download.reachable("http://127.0.0.1:1")


def test_the_published_image_is_preferred_where_there_is_internet() -> None:
    assert guest_image.choose_source(has_internet=True) == "published"
    assert guest_image.choose_source(has_internet=False) == "packages"


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
