"""The reference lab on real parts: what it serves, what it isolates, what it survives."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from conftest import LAB, REPO, Lab, changes, names_of_the_stack, page, post, pulumi


def engine_of(stack: str) -> int:
    """The process of the engine at work on a stack."""
    pattern = f"^pulumi .* up .*--stack {stack}$"
    return int(subprocess.check_output(["pgrep", "--full", pattern], text=True).split()[0])


def test_the_page_keeps_an_entry(reference: Lab) -> None:
    post(reference.url(), "retained in the database")
    served = page(reference.url())
    assert "retained in the database" in served
    assert "app-1" in served
    assert "web-1" in served


def test_status_tells_all_layers_healthy(reference: Lab) -> None:
    status = reference.status()
    (guest,) = status["guests"]
    assert guest["state"] == "running"
    assert {c["name"]: c["health"] for c in guest["containers"]} == {
        "web-1": "healthy",
        "db-1": "healthy",
    }


def test_a_second_up_and_a_refresh_propose_nothing(reference: Lab) -> None:
    assert changes("reference") == {}
    refreshed = pulumi("pulumi refresh --yes --skip-preview --stack reference")
    assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr
    assert changes("reference") == {}


def test_the_database_is_reached_by_the_web_container_alone(reference: Lab) -> None:
    reach = "import socket; socket.create_connection(({host!r}, 3306), timeout=5)"
    reference("exec", "web", "--", "python3", "-c", reach.format(host="db"))
    address = reference.status()["guests"][0]["address"]
    with pytest.raises(OSError):
        exec(reach.format(host=address))


def test_containers_run_within_their_limits_and_without_privileges(reference: Lab) -> None:
    inspected = json.loads(reference.guest("docker inspect web-1 db-1"))
    for container in inspected:
        host = container["HostConfig"]
        assert host["Memory"] > 0
        assert host["NanoCpus"] > 0
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["ReadonlyRootfs"]
        assert not host["Privileged"]
        slice_ = host["CgroupParent"]
        tasks = reference.guest(f"systemctl show -P TasksMax {slice_}").strip()
        assert tasks.isdigit(), f"{slice_} has no pids limit: {tasks}"


def test_images_came_by_digest_from_the_labs_registry(reference: Lab) -> None:
    images = "docker ps -q | xargs docker inspect -f '{{.Image}}'"
    digests = reference.guest(f"docker image inspect -f '{{{{.RepoDigests}}}}' $({images})")
    assert digests.count("@sha256:") == 2
    assert ":5000/isolab/guestbook" in digests


def private(key: str) -> str:
    """The line of a private key that no other key has; what is before it is much the same."""
    line = key.splitlines()[4]
    assert len(line) > 15
    return line


def test_nothing_secret_lies_in_the_state_or_on_a_command_line(
    reference: Lab, command_lines: set[str]
) -> None:
    password = reference.guest("cat /var/lib/isolab/files/db-1/db_password").strip()
    assert len(password) > 15
    stacks = Path(os.environ.get("ISOLAB_HOME", REPO / ".isolab")) / "stacks/reference"
    client = private((stacks / "id_ed25519").read_text())
    host = private(reference.guest("cat /etc/ssh/ssh_host_ed25519_key"))
    state = pulumi("pulumi stack export --stack reference").stdout
    assert "app-1-domain" in state
    assert any("event-log" in line for line in command_lines), "nobody looked at the up"
    now = subprocess.check_output(["ps", "axww"], text=True)
    for secret in (password, client, host):
        assert secret not in state
        assert not [line for line in command_lines if secret in line]
        assert secret not in now
        assert secret not in reference.guest("docker inspect web-1 db-1; ps axww")


def test_secrets_lie_on_the_hosts_disk_where_they_are_needed_alone(reference: Lab) -> None:
    home = Path(os.environ.get("ISOLAB_HOME", REPO / ".isolab"))
    root = subprocess.check_output(["docker", "info", "-f", "{{.DockerRootDir}}"], text=True)
    # A guest's own disks are what it works with; all else of a lab is here.
    folders = [
        *(home, "/etc/libvirt", "/var/lib/libvirt", "/var/log/libvirt", "/run/libvirt"),
        *(f"{root.strip()}/containers", REPO / "stacks", *Path("/tmp").glob("isolab-run-*")),
    ]
    disks = ["--exclude=*-root", "--exclude=*-data", "--exclude=base*", "--exclude=initrd*"]

    def files_with(secret: str) -> set[str]:
        done = subprocess.run(
            ["grep", "-rlaF", "--devices=skip", *disks, "-f", "-", "--", *map(str, folders)],
            input=secret, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return set(done.stdout.split())

    stacks = home / "stacks/reference"
    assert (
        files_with(reference.guest("cat /var/lib/isolab/files/db-1/db_password").strip()) == set()
    )
    client = files_with(private((stacks / "id_ed25519").read_text()))
    assert client == {str(stacks / "id_ed25519")}
    host = files_with(private(reference.guest("cat /etc/ssh/ssh_host_ed25519_key")))
    assert host
    assert not [name for name in host if "/seeds/" not in name and not name.endswith(".iso")]
    for file in (*client, *host):
        assert not Path(file).stat().st_mode & 0o077, f"{file} can be read by others"


def test_a_removed_container_comes_back(reference: Lab) -> None:
    post(reference.url(), "retained while its web container is gone")
    url = reference.url()
    reference.guest("docker rm -f web-1")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=5)
    reference("status", "reference", code=1)
    pulumi("pulumi refresh --yes --skip-preview --stack reference")
    reference.up()
    assert "retained while its web container is gone" in page(url)


@pytest.mark.long
def test_two_stacks_live_beside_each_other(reference: Lab) -> None:
    second = Lab("second")
    second.up()
    try:
        assert second.url() != reference.url()
        post(second.url(), "only in the second")
        assert "only in the second" in page(second.url())
        assert "only in the second" not in page(reference.url())
    finally:
        second.down()
    assert names_of_the_stack("second") == ""
    assert "guestbook" in page(reference.url()).lower()


def test_an_up_that_was_killed_converges_and_down_leaves_nothing() -> None:
    lab = Lab("killed")
    up = subprocess.Popen(
        [LAB, "up", "--yes", "--stack", "killed", "reference"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while "isolab-killed-app-1" not in names_of_the_stack("killed"):
            assert time.monotonic() < deadline, "the guest was never defined"
            time.sleep(0.2)
        time.sleep(2)
        os.kill(engine_of("killed"), signal.SIGKILL)
    finally:
        up.wait(timeout=60)
    lab.up()
    post(lab.url(), "before the disks were retained")
    lab.down("--keep-data")
    assert "killed" in names_of_the_stack("killed")
    lab.up()
    assert "before the disks were retained" in page(lab.url())
    domain = next(
        name for name in names_of_the_stack("killed").splitlines() if name.endswith("app-1")
    )
    subprocess.run(["virsh", "destroy", domain], check=True)
    subprocess.run(["virsh", "undefine", domain], check=True)
    lab.down()
    assert names_of_the_stack("killed") == ""


def test_a_guest_that_is_told_to_shut_down_stops_in_order_and_keeps_its_data(
    reference: Lab,
) -> None:
    post(reference.url(), "written before the shutdown")
    domain = "isolab-reference-app-1"
    # The power button, as libvirt-guests presses it when the machine shuts down.
    subprocess.run(["virsh", "shutdown", domain], check=True)
    deadline = time.monotonic() + 120
    while "shut off" not in subprocess.check_output(["virsh", "domstate", domain], text=True):
        assert time.monotonic() < deadline
        time.sleep(1)
    reference.up()
    assert "written before the shutdown" in page(reference.url())
    # A file system that was not unmounted says so at its next mount.
    assert "recovery complete" not in reference.guest("dmesg")


def test_a_rebuilt_root_disk_brings_the_same_data_back(reference: Lab, tmp_path: Path) -> None:
    post(reference.url(), "outlives the root disk")
    lab = tmp_path / "larger.yaml"
    lab.write_text((REPO / "stacks" / "reference.yaml").read_text().replace("8GiB", "9GiB"))
    reference("up", "--yes", "--stack", reference.stack, str(lab))
    assert "outlives the root disk" in page(reference.url())
    assert changes("reference") == {}
