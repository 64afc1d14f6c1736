"""Debian's mirror, asked by the real apt: right, slow, broken off, refusing, out of reach."""

import hashlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from servers import serving

from machine.images import debian_sources
from machine.setup import packages
from machine.steps import Unable

pytestmark = pytest.mark.skipif(not shutil.which("apt-get"), reason="needs apt")

NAME = "skopeo"
CONTENT = b"a package" * 20000
INDEX = f"""Package: {NAME}
Version: 1
Architecture: all
Maintainer: Nobody <nobody@example.org>
Filename: ./{NAME}.deb
Size: {len(CONTENT)}
SHA256: {hashlib.sha256(CONTENT).hexdigest()}
Description: a package

""".encode()
FILES = {"/./Packages": INDEX, f"/./{NAME}.deb": CONTENT}
FOLDERS = (
    "etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/sources.list.d",
    "etc/apt/trusted.gpg.d", "var/lib/apt/lists/partial", "var/lib/dpkg", "var/log/apt",
    "var/cache/apt/archives/partial",
)  # fmt: skip
SETTINGS = """Dir "{root}";
Dir::State::status "{root}/var/lib/dpkg/status";
Dir::Bin::dpkg "/bin/true";
APT::Sandbox::User "root";
Acquire::Retries "0";
Acquire::http::Proxy "DIRECT";
Acquire::Languages "none";
#clear DPkg;
"""
"""apt has a root of its own there, and a dpkg that takes each package for installed."""
Way = Callable[["Mirror", bytes], None]


class Mirror(BaseHTTPRequestHandler):
    """Has one package and no signatures; files are sent in the ways left, the last one for ever."""

    ways: list[Way]
    sent: list[str]

    def do_GET(self) -> None:
        body = FILES.get(self.path)
        if body is None:
            self.send_error(404)
            return
        way = self.ways.pop(0) if len(self.ways) > 1 else self.ways[0]
        way(self, body)
        if way in (right, slow):
            self.sent.append(self.path)

    def begin(self, size: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def right(mirror: Mirror, body: bytes) -> None:
    mirror.begin(len(body))
    mirror.wfile.write(body)


def slow(mirror: Mirror, body: bytes) -> None:
    mirror.begin(len(body))
    for index in range(0, len(body), len(body) // 3 + 1):
        time.sleep(0.1)
        mirror.wfile.write(body[index : index + len(body) // 3 + 1])
        mirror.wfile.flush()


def broken_off(mirror: Mirror, body: bytes) -> None:
    mirror.begin(len(body))
    mirror.wfile.write(body[: len(body) // 2])
    mirror.close_connection = True


def refusing(mirror: Mirror, body: bytes) -> None:
    mirror.send_error(403)


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The root of an apt that asks a mirror of ours."""
    for folder in FOLDERS:
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").touch()
    (tmp_path / "apt.conf").write_text(SETTINGS.format(root=tmp_path))
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setattr(packages, "LISTS", tmp_path / "var/lib/apt/lists")
    monkeypatch.setattr(packages, "missing", lambda: (NAME,))
    monkeypatch.setattr(packages, "as_root", list)
    Mirror.sent = []
    with serving(Mirror) as address:
        sources(tmp_path, address)
        yield tmp_path


def sources(root: Path, *addresses: str) -> None:
    lines = [f"deb [trusted=yes] {address} ./\n" for address in addresses]
    (root / "etc/apt/sources.list").write_text("".join(lines))


def installed(*ways: Way) -> list[str]:
    """What was reported by an installation from a mirror with these ways."""
    Mirror.ways = list(ways)
    said: list[str] = []
    packages._install(said.append)
    assert f"/./{NAME}.deb" in Mirror.sent
    return said


@pytest.mark.usefixtures("apt")
@pytest.mark.parametrize("way", [right, slow])
def test_what_comes_whole_is_installed(way: Way) -> None:
    assert installed(way) == ["reading the package lists"]


@pytest.mark.usefixtures("apt")
@pytest.mark.parametrize("ways", [(broken_off, right), (right, broken_off, right)])
def test_what_broke_off_is_fetched_once_more(ways: tuple[Way, ...]) -> None:
    assert installed(*ways)[-1] == "reading the package lists again"


@pytest.mark.usefixtures("apt")
@pytest.mark.parametrize("way", [broken_off, refusing])
def test_the_error_names_the_mirror_that_fails(way: Way) -> None:
    with pytest.raises(Unable, match=r"Failed to fetch http://127\.0\.0\.1"):
        installed(way)


def test_the_error_names_a_mirror_out_of_reach(apt: Path) -> None:
    sources(apt, "http://127.0.0.1:1")
    with pytest.raises(Unable, match=r"Failed to fetch http://127\.0\.0\.1:1/"):
        installed(right)


def test_another_source_that_fails_is_in_nobodys_way(apt: Path) -> None:
    own = (apt / "etc/apt/sources.list").read_text().split()[2]
    sources(apt, "http://localhost:1", own)
    assert installed(right) == ["reading the package lists"]


DEB822 = """Types: deb
URIs: http://mirror.example/debian
Suites: {suite} {suite}-updates
Components: main
Signed-By: {keyring}
"""
ONE_LINE = "deb [signed-by={keyring}] http://mirror.example/debian {suite} main\n"


@pytest.mark.parametrize(
    ("file", "form"),
    [("debian.sources", DEB822), ("debian.list", ONE_LINE)],
    ids=["deb822", "list"],
)
@pytest.mark.parametrize("suite", ["trixie", "stable", "oldstable"])
def test_sources_in_both_forms_lead_to_the_images_release(
    apt: Path, file: str, form: str, suite: str
) -> None:
    keyring, entry = apt / "own.gpg", apt / "etc/apt/sources.list.d" / file
    keyring.touch()
    (apt / "etc/apt/sources.list").unlink()
    entry.write_text(form.format(suite=suite, keyring=keyring))
    lists, name = apt / "var/lib/apt/lists", f"mirror.example_debian_dists_{suite}"
    (lists / f"{name}_InRelease").write_text(f"Origin: Debian\nSuite: {suite}\nCodename: trixie\n")
    (lists / f"{name}_main_binary-{architecture()}_Packages").touch()
    assert "deb http://mirror.example/debian bookworm main" in debian_sources.lines()
    assert f"--keyring={keyring}" in debian_sources.keyrings()


def test_a_source_that_the_machine_takes_nothing_from_serves_for_images(apt: Path) -> None:
    entry = apt / "etc/apt/sources.list.d/debian.list"
    entry.write_text("deb [trusted=yes] http://mirror.example/debian bookworm main\n")
    (apt / "etc/apt/sources.list").unlink()
    lists, name = apt / "var/lib/apt/lists", "mirror.example_debian_dists_bookworm"
    (lists / f"{name}_InRelease").write_text("Origin: Debian\nCodename: bookworm\n")
    (lists / f"{name}_main_binary-{architecture()}_Packages").write_bytes(INDEX)
    assert candidate() == "1"
    pin = 'Package: *\nPin: origin "mirror.example"\nPin-Priority: -1\n'
    (apt / "etc/apt/preferences.d/debian").write_text(pin)
    assert candidate() == "(none)"
    assert debian_sources.lines() == ["deb http://mirror.example/debian bookworm main"]


def candidate() -> str:
    """The version that apt would install."""
    asked = ["apt-cache", "policy", NAME]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return next(line.split()[1] for line in said.splitlines() if "Candidate" in line)


def architecture() -> str:
    asked = ["dpkg", "--print-architecture"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
