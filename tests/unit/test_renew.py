"""A command that is started again with groups that its user has joined since the login.

Each test has users of its own: files over /etc/passwd and its like, in a mount namespace that ends
with the test.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from machine.host import renew

REPO = Path(__file__).resolve().parents[2]
USER = "isolab-tester"
NUMBER = 64123
GROUPS = {"libvirt": 64124, "docker": 64125}
HEEDED = 43
FAKE = """
import grp, json, os, signal, sys, time
from machine.host import renew
renew.attend()
names = sorted(grp.getgrgid(number).gr_name for number in {*os.getgroups(), os.getgid()})
names = [name for name in names if name in ("libvirt", "docker", "isolab-tester")]
primary = grp.getgrgid(os.getgid()).gr_name
print(json.dumps({"groups": names, "primary": primary, "words": sys.argv[1:],
    "environment": dict(os.environ), "process": os.getpid(),
    "seconds": time.monotonic() - renew.began()}), flush=True)
if "wait" in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(43))
    print("ready", flush=True)
    time.sleep(60)
sys.exit(7)
"""
DRIVER = """
import os, sys, time
from machine.host import renew
time.sleep(float(os.environ.get("SET_UP", 0)))
if not renew.possible(("libvirt", "docker")):
    sys.exit(9)
sys.exit(renew.again(("libvirt", "docker")))
"""
ENTER = """
set -e
for file in passwd group shadow gshadow; do mount --bind "$1/$file" "/etc/$file"; done
# This Python may lie in a home that is closed to others.
top=$(echo "$2" | cut -d / -f 1-2)
if [ "$top" != /usr ]; then
    mount --bind "$2" "$1/python"
    mount -t tmpfs -o mode=755 none "$top"
    mkdir -p "$2"
    mount --bind "$1/python" "$2"
fi
shift 2
exec setpriv --reuid=64123 --regid=64123 --clear-groups "$@"
"""

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("sg"), reason="another user needs root, and sg"
)


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that the user can read, with the accounts and a package `isolab` that tells."""
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    folder.chmod(0o755)
    for name in ("passwd", "group", "shadow", "gshadow"):
        shutil.copy(f"/etc/{name}", folder)
        remaining = [
            line
            for line in (folder / name).read_text().splitlines()
            if line.split(":")[0] not in (USER, *GROUPS)
        ]
        (folder / name).write_text("\n".join([*remaining, ""]))
    with (folder / "passwd").open("a") as file:
        file.write(f"{USER}:x:{NUMBER}:{NUMBER}::/nonexistent:/bin/sh\n")
    with (folder / "shadow").open("a") as file:
        file.write(f"{USER}:!:19000:0:99999:7:::\n")
    members(folder, USER)
    package = folder / "fake" / "isolab"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(FAKE)
    (folder / "driver.py").write_text(DRIVER)
    (folder / "python").mkdir()
    shutil.copytree(REPO / "machine", folder / "fake" / "machine")
    yield folder
    shutil.rmtree(folder)


def members(folder: Path, user: str) -> None:
    """Have this user in the groups."""
    groups = [f"{name}:x:{number}:{user}" for name, number in GROUPS.items()]
    shadows = [f"{name}:!::{user}" for name in GROUPS]
    with (folder / "group").open("a") as file:
        file.write("\n".join([f"{USER}:x:{NUMBER}:", *groups, ""]))
    with (folder / "gshadow").open("a") as file:
        file.write("\n".join([f"{USER}:!::", *shadows, ""]))


def started(folder: Path, *words: str, **variables: str) -> subprocess.Popen[str]:
    """The command line of a user who has been logged in for long."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder / "fake"), **variables}
    enter = ["unshare", "--mount", "sh", "-c", ENTER, "sh", str(folder), sys.base_prefix]
    driver = [os.path.realpath(sys.executable), "-B", str(folder / "driver.py"), *words]
    return subprocess.Popen(
        [*enter, *driver],
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_command_goes_on_with_the_groups_and_the_whole_environment(place: Path) -> None:
    given = {
        "GREETING": "hi 'there'\n$HOME",
        "TMPDIR": "/var/tmp",
        "LD_LIBRARY_PATH": "/opt/x",
        "PULUMI_BACKEND_URL": "file:///x",
        "https_proxy": "http://p:1",
        "LANG": "C.UTF-8",
    }
    process = started(place, "exec", "web", "--", "echo 'a b'; $x", "", **given)
    said, _ = process.communicate()
    told = json.loads(said)
    assert process.returncode == 7
    assert told["groups"] == ["docker", USER, "libvirt"]
    assert told["primary"] == USER
    assert told["words"] == ["exec", "web", "--", "echo 'a b'; $x", ""]
    assert given.items() <= told["environment"].items()
    assert not {renew.SOCKET, renew.BEGAN} & told["environment"].keys()


@pytest.mark.slow
def test_the_command_began_when_its_first_process_did(place: Path) -> None:
    said, _ = started(place, SET_UP="3").communicate()
    assert 3 < json.loads(said)["seconds"] < 60


def test_a_signal_to_the_first_process_alone_ends_the_command(place: Path) -> None:
    process = started(place, "wait")
    assert process.stdout
    process.stdout.readline()
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait() == HEEDED


def test_the_command_does_not_outlive_the_first_process(place: Path) -> None:
    process = started(place, "wait")
    assert process.stdout
    command = json.loads(process.stdout.readline())["process"]
    assert process.stdout.readline() == "ready\n"
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{command}/cmdline").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{command}/cmdline").exists()


@pytest.mark.slow
def test_who_is_no_member_is_asked_for_no_password(place: Path) -> None:
    for name in ("group", "gshadow"):
        file = place / name
        remaining = [
            line for line in file.read_text().splitlines() if line.split(":")[0] not in GROUPS
        ]
        file.write_text("\n".join([*remaining, ""]))
    members(place, "root")
    process = started(place)
    assert process.wait() == 9


def test_it_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(renew.RENEWED, "yes")
    assert not renew.possible(("docker",))
