"""Pulumi's release server: right, slow, silent, broken off, damaged, refusing."""

import hashlib
import io
import tarfile
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from servers import serving

from machine.engine import pulumi_cli, pulumi_release
from machine.engine.pulumi_release import CannotDownload

VERSION = "3.274.1"
NAME = pulumi_release.archive(VERSION, "x86_64")
PROGRAMS = {"pulumi": b"the CLI" * 1000, "pulumi-language-python": b"its host" * 1000}
Way = Callable[["Server", bytes], None]


class Server(BaseHTTPRequestHandler):
    """Publishes the CLI; archives are sent in the ways that are left, the last one for ever."""

    ways: list[Way]
    published: bytes
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path.endswith("-checksums.txt"):
            sum_ = hashlib.sha256(self.published).hexdigest()
            right(self, f"{'0' * 64}  pulumi-sdk.tar.gz\n{sum_}  {NAME}\n".encode())
            return
        way = self.ways.pop(0) if len(self.ways) > 1 else self.ways[0]
        way(self, self.published)

    def begin(self, size: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def right(server: Server, body: bytes) -> None:
    server.begin(len(body))
    server.wfile.write(body)


def slow(server: Server, body: bytes) -> None:
    """Takes longer than any silence that is allowed, and is never that long silent."""
    server.begin(len(body))
    for index in range(0, len(body), len(body) // 5 + 1):
        time.sleep(0.4)
        server.wfile.write(body[index : index + len(body) // 5 + 1])
        server.wfile.flush()


def silent(server: Server, body: bytes) -> None:
    server.begin(len(body))
    server.wfile.write(body[:100])
    server.wfile.flush()
    time.sleep(2)


def broken_off(server: Server, body: bytes) -> None:
    server.begin(len(body))
    server.wfile.write(body[:-100])


def damaged(server: Server, body: bytes) -> None:
    right(server, body[:-1] + b"?")


def refusing(server: Server, body: bytes) -> None:
    server.send_error(403)


def packed() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in PROGRAMS.items():
            member = tarfile.TarInfo(f"pulumi/{name}")
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(pulumi_release, "SILENCE", 1.0)
    Server.published, Server.asked = packed(), []
    with serving(Server) as address:
        yield address


def fetched(into: Path, place: str, *ways: Way) -> list[str]:
    """What was reported by a download from a server with these ways."""
    Server.ways = list(ways)
    said: list[str] = []
    pulumi_release.fetch(into, VERSION, "x86_64", said.append, place)
    return said


def is_whole(folder: Path) -> bool:
    return {file.name: file.read_bytes() for file in folder.iterdir()} == PROGRAMS


@pytest.mark.slow
@pytest.mark.parametrize("way", [right, slow])
def test_what_comes_whole_is_retained_however_long_it_takes(
    tmp_path: Path, place: str, way: Way
) -> None:
    assert fetched(tmp_path, place, way) == []
    assert is_whole(tmp_path)
    assert (tmp_path / "pulumi").stat().st_mode & 0o111


def test_a_python_whose_tarfile_has_no_filters_unpacks_it_too(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def before(self: tarfile.TarFile, path: Path) -> None:
        """As up to Python 3.11.3."""
        for member in self.getmembers():
            self.extract(member, path)

    monkeypatch.delattr(tarfile, "data_filter")
    monkeypatch.setattr(tarfile.TarFile, "extractall", before)
    assert fetched(tmp_path, place, right) == []
    assert is_whole(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("way", [silent, broken_off, damaged, refusing])
def test_a_download_that_fails_is_begun_once_more(tmp_path: Path, place: str, way: Way) -> None:
    (said,) = fetched(tmp_path, place, way, right)
    assert said.endswith("downloading it once more")
    assert is_whole(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("way", [silent, broken_off, damaged, refusing])
def test_what_fails_again_is_not_retained(tmp_path: Path, place: str, way: Way) -> None:
    with pytest.raises(CannotDownload, match=r"broke off|damaged"):
        fetched(tmp_path, place, way)
    assert list(tmp_path.iterdir()) == []
    assert len(Server.asked) == 1 + pulumi_release.TRIES


def test_a_server_out_of_reach_is_asked_once(tmp_path: Path, place: str) -> None:
    with pytest.raises(CannotDownload, match=r"does not answer: .*refused"):
        pulumi_release.fetch(tmp_path, VERSION, "x86_64", print, "http://127.0.0.1:1")
    Server.ways = [right]
    with pytest.raises(CannotDownload, match="does not name"):
        pulumi_release.published_checksum(place, VERSION, "another.tar.gz")


def test_what_cannot_be_downloaded_is_built_from_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unreachable(*_: object) -> None:
        raise CannotDownload("no answer")

    def build(into: Path, report: object) -> None:
        (into / "pulumi").write_text("built")

    monkeypatch.setattr(pulumi_cli, "folder", lambda: tmp_path / "v1")
    monkeypatch.setattr(pulumi_release, "fetch", unreachable)
    monkeypatch.setattr(pulumi_cli, "_build", build)
    said: list[str] = []
    pulumi_cli._get(said.append)
    assert said == ["no answer: building it from source"]
    assert (tmp_path / "v1" / "pulumi").read_text() == "built"
