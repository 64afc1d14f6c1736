"""The machines themselves: like those that people have, and gone when they are to be."""

import os
import signal
import subprocess
import time

import pytest
import testmachine
from conftest import Fresh
from terminal import Answer
from testmachine import PASSWORD, Machine


def said(machine: Machine, user: str, command: str) -> str:
    return machine.run(user, command).output.strip()


def test_systemd_runs_in_namespaces_of_its_own(machine: Machine) -> None:
    assert said(machine, "root", "cat /proc/1/comm") == "systemd"
    assert said(machine, "root", "systemctl is-system-running") == "running"
    assert said(machine, "root", "findmnt -no PROPAGATION /") == "shared"
    assert said(machine, "root", "stat -fc %T /sys/fs/cgroup") == "cgroup2fs"
    for kind in ("mnt", "pid", "net", "uts", "ipc", "cgroup"):
        mine = os.readlink(f"/proc/self/ns/{kind}")
        assert os.readlink(f"/proc/{machine.pid()}/ns/{kind}") != mine


def test_nothing_of_isolabs_needs_is_installed(machine: Machine) -> None:
    tools = "python3 gcc docker virsh qemu-system-x86_64 mmdebstrap curl"
    assert said(machine, "root", f"command -v {tools}") == ""
    assert said(machine, "root", "ls /dev/kvm 2>/dev/null") == ""


def test_homes_are_closed_and_sudo_is_as_the_users_names_say(machine: Machine) -> None:
    assert set(said(machine, "root", "stat -c %a /home/*").split()) == {"700"}
    assert said(machine, "nopasswd", "sudo -n id -u") == "0"
    assert machine.run("withpasswd", "sudo -n true").code == 1
    assert machine.run("nosudo", "sudo -n true").code == 1
    typed = machine.run(
        "withpasswd", "sudo id -u", answers=[Answer("password for withpasswd:", PASSWORD)]
    )
    assert typed.output.split()[-1] == "0"


def test_a_terminal_is_there_where_it_is_wanted_alone(machine: Machine) -> None:
    assert said(machine, "nosudo", "tty; (true </dev/tty) 2>/dev/null || echo none") == (
        "not a tty\nnone"
    )
    assert machine.run("nosudo", "tty", answers=[]).output.startswith("/dev/pts/")


def test_a_user_has_a_clean_clone_of_this_checkout(machine: Machine) -> None:
    assert said(machine, "nosudo", "cd isolab && git rev-parse HEAD") == (
        subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
    )
    assert said(machine, "nosudo", "find ~ ! -user nosudo; ls -d isolab/.venv 2>/dev/null") == ""


def test_the_mirrors_are_in_reach(machine: Machine) -> None:
    # Written into a folder of its own: the machine stays as it was.
    done = machine.run(
        "nosudo",
        "mkdir -p lists/partial && apt-get update -o Dir::State::lists=$PWD/lists"
        " -o Dir::Cache=$PWD/lists -o Debug::NoLocking=1; code=$?; rm -r lists; exit $code",
    )
    assert done.code == 0, done.output


def test_a_reboot_keeps_the_disk_and_nothing_else(machine: Machine) -> None:
    before = machine.pid()
    assert machine.run("root", "touch /root/retained /run/lost").code == 0
    machine.reboot()
    assert machine.pid() != before
    assert said(machine, "root", "ls /root/retained /run/lost 2>/dev/null") == "/root/retained"
    assert said(machine, "root", "systemctl is-system-running") == "running"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_its_keeper_is_ended(fresh: Fresh, number: int) -> None:
    machine = fresh("ended", "bookworm", ())
    link, groups, pid = machine.link(), machine.groups(), machine.pid()
    assert f"isolab-machine {machine.name}" in rules()
    os.kill(int((machine.folder / "keeper").read_text()), number)
    deadline = time.monotonic() + 20
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        time.sleep(0.1)
    machine.remove()
    assert not os.path.exists(f"/proc/{pid}")
    assert not os.path.exists(f"/sys/class/net/{link}")
    assert not groups.exists()
    assert not machine.folder.exists()
    assert f"isolab-machine {machine.name}" not in rules()
    loops = subprocess.check_output(["losetup", "--list", "--noheadings"], text=True)
    assert machine.name not in loops


@pytest.mark.usefixtures("fresh")
def test_it_ends_with_the_process_that_it_is_bound_to() -> None:
    owner = subprocess.Popen(["sleep", "600"])
    machine = testmachine.new(f"bound-{os.getpid()}", "bookworm", until=owner.pid)
    try:
        machine.start()
    finally:
        owner.kill()
        owner.wait()
    deadline = time.monotonic() + 20
    while machine.folder.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not machine.folder.exists()
    assert not machine.running()


@pytest.mark.usefixtures("fresh")
def test_one_whose_tests_ended_before_it_started_goes_with_the_next_look() -> None:
    owner = subprocess.Popen(["true"])
    machine = testmachine.new(f"unstarted-{os.getpid()}", "bookworm", until=owner.pid)
    owner.wait()
    testmachine.sweep()
    assert not machine.folder.exists()


@pytest.mark.usefixtures("fresh")
def test_a_link_that_an_ended_run_left_is_in_nobodys_way() -> None:
    owner = subprocess.Popen(["true"])
    machine = testmachine.new(f"link-{os.getpid()}", "bookworm", until=owner.pid)
    owner.wait()
    link = machine.link()
    subprocess.run(["ip", "link", "add", link, "type", "bridge"], check=True)
    testmachine.sweep()
    assert not os.path.exists(f"/sys/class/net/{link}")


def rules() -> str:
    return subprocess.check_output(["iptables-save"], text=True)
