"""What a lab file says of a guest and of services that no other live lab has."""

import hashlib
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import Lab, changes, names_of_the_stack, page

FILE = Path(__file__).with_name("labs") / "guest.yaml"
PACKAGE = "isolab-test-word"
CLOCK = 90
"""Seconds within which a guest's clock is right: a minute, and what an emulated guest takes."""
CLOCK_DIFFERENCE = 20
"""Seconds that a clock may seem behind, since `./lab ssh` takes some of them."""
ASK = "import urllib.request as u; print(u.urlopen('{}', timeout=10).read().decode())"


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A package mirror with one package, where the guest's sources.list looks."""
    folder = tmp_path_factory.mktemp("mirror")
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        f"Package: {PACKAGE}\nVersion: 1\nArchitecture: all\nMaintainer: a test <test@invalid>\n"
        "Description: a word\n"
    )
    (tree / "usr/share/word").mkdir(parents=True)
    (tree / "usr/share/word/word").write_text("installed\n")
    subprocess.run(["dpkg-deb", "--build", tree, folder / "word.deb"], check=True)
    made = (folder / "word.deb").read_bytes()
    (folder / "Packages").write_text(
        f"Package: {PACKAGE}\nVersion: 1\nArchitecture: all\nFilename: ./word.deb\n"
        f"Size: {len(made)}\nSHA256: {hashlib.sha256(made).hexdigest()}\nDescription: a word\n"
    )
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("0.0.0.0", 8099), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


@pytest.fixture(scope="module")
def guest(mirror: None) -> Iterator[Lab]:
    """The lab, up; taken down at the end."""
    lab = Lab("guest")
    lab("up", "--yes", str(FILE))
    yield lab
    lab.down()


def in_container(lab: Lab, service: str, program: str) -> str:
    return lab("exec", "--stack", lab.stack, service, "--", "python3", "-c", program).strip()


def test_a_guest_has_the_users_files_and_packages_of_its_file(guest: Lab) -> None:
    assert guest.guest(f"dpkg-query --show --showformat '${{Version}}' {PACKAGE}").strip() == "1"
    assert guest.guest("cat /usr/share/word/word").strip() == "installed"
    assert guest.guest("stat --format '%U %a' /home/kim/notes").strip() == "kim 600"
    assert guest.guest("su kim -c 'docker ps --quiet' | wc -l").strip() != "0"


def test_a_service_starts_behind_what_has_to_be_done_before(guest: Lab) -> None:
    (endpoint,) = [e for e in guest.status()["endpoints"] if e["service"] == "web"]
    assert page(f"{endpoint['url']}/tables") == "made once"
    assert guest.guest("docker inspect --format '{{.State.ExitCode}}' tables-1").strip() == "0"
    assert guest.guest("docker ps --filter name=shown --quiet").strip()


def test_a_service_without_a_network_has_none(guest: Lab) -> None:
    names = "import socket; print(*(name for _, name in socket.if_nameindex()))"
    assert in_container(guest, "alone", names) == "lo"
    assert "eth0" in in_container(guest, "caller", names).split()


def test_a_service_on_the_host_and_one_on_a_guest_find_each_other(guest: Lab) -> None:
    assert in_container(guest, "watch", ASK.format("http://web:8000/tables")) == "made once"
    listing = in_container(guest, "caller", ASK.format("http://watch:9000/"))
    assert "token" in listing


@pytest.mark.long
def test_a_guests_clock_is_right_soon_after_a_pause(guest: Lab) -> None:
    """A guest that is paused is what one is whose machine sleeps."""

    def behind() -> float:
        return time.time() - int(guest.guest("date +%s"))

    domain = "isolab-guest-app-1"
    subprocess.run(["virsh", "suspend", domain], check=True)
    try:
        time.sleep(90)
    finally:
        subprocess.run(["virsh", "resume", domain], check=True)
    deadline = time.monotonic() + CLOCK
    while behind() > CLOCK_DIFFERENCE:
        assert time.monotonic() < deadline
        time.sleep(2)


def test_a_second_up_finds_nothing_to_do(guest: Lab) -> None:
    assert guest.status()["verdict"] == "well"
    assert changes("guest") == {}


def test_down_leaves_none_of_it(guest: Lab) -> None:
    guest.down()
    assert names_of_the_stack("isolab-guest-") == ""
