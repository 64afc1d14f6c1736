"""xterm.js comes from npm, and is the one that isolab expects, or does not come at all."""

import base64
import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from machine.setup import xterm
from machine.setup.xterm import Package
from machine.steps import Unable


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def archive(place: Path, files: dict[str, bytes]) -> tuple[Path, str]:
    """A package as npm packs it, and its integrity."""
    file = place / "package.tgz"
    with tarfile.open(file, "w:gz") as opened:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    digest = base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()
    return file, f"sha512-{digest}"


PACKAGE = Package(name="x", version="1", integrity="", files={"package/lib/x.js": "x.mjs"})


def test_what_is_needed_is_taken_out_and_nothing_else(tmp_path: Path) -> None:
    file, integrity = archive(tmp_path, {"package/lib/x.js": b"x", "../evil": b"e"})
    xterm.unpack(file, replace(PACKAGE, integrity=integrity))
    assert [each.name for each in xterm.folder().iterdir()] == ["x.mjs"]
    assert (xterm.folder() / "x.mjs").read_bytes() == b"x"


def test_another_archive_is_refused(tmp_path: Path) -> None:
    file, _ = archive(tmp_path, {"package/lib/x.js": b"x"})
    with pytest.raises(Unable, match="checksum"):
        xterm.unpack(file, replace(PACKAGE, integrity=xterm.PACKAGES[0].integrity))
    assert not xterm.folder().exists()


def test_without_npm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unable, match="apt-get install npm"):
        xterm.fetch(lambda line: None)


def test_versions_and_checksums_are_exact() -> None:
    for package in xterm.PACKAGES:
        assert package.version.replace(".", "").isdigit()
        assert len(base64.b64decode(package.integrity.removeprefix("sha512-"))) == 64
