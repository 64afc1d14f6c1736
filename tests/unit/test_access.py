"""A user who is not root: who may ask libvirt and Docker, what has the terminal, what sudo does."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from isolab.transport import Unreachable
from machine import steps
from machine.host import access, answers, docker_cli, privilege
from machine.host.transport import HostTransport
from machine.setup import daemons, doctor, provision
from machine.setup.doctor import Check
from machine.steps import Unable

REPO = Path(__file__).resolve().parents[2]
NO_TERMINAL = (
    "import sys\n"
    "try: open('/dev/tty', 'w').write('Password: ')\n"
    "except OSError: print('no terminal')\n"
    "else: print('took the terminal')\n"
)
"""Does what polkit's agent does: opens the terminal, whatever its standard input is."""


def a_user(monkeypatch: pytest.MonkeyPatch, *, process: set[str], database: set[str]) -> None:
    """Have this process run as a user in these groups."""
    monkeypatch.setattr(access, "is_root", lambda: False)
    monkeypatch.setattr(access, "_process_groups", lambda: frozenset(process))
    monkeypatch.setattr(access, "_database_groups", lambda: frozenset(database))


def program(folder: Path, name: str, script: str) -> None:
    """A program of that name, first on PATH."""
    (folder / name).write_text(f"#!{sys.executable}\n{script}")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("missing", "not_joined", "state"),
    [
        ((), (), "allowed"),
        ((), ("docker",), "allowed"),
        (("docker",), (), "login"),
        (("libvirt", "docker"), ("docker",), "missing"),
    ],
)
def test_a_group_may_be_missing_in_the_process_or_also_in_the_database(
    missing: tuple[str, ...], not_joined: tuple[str, ...], state: str
):
    assert access.judge(missing, not_joined) == state


@pytest.mark.parametrize(
    "question",
    [
        ("virsh", "-qc", "qemu:///system", "net-list"),
        ("env", "LC_ALL=C", "virsh", "list"),
        ("docker", "network", "ls"),
        ("docker", "exec", "-i", "db", "true"),
    ],
)
@pytest.mark.parametrize(
    ("database", "hint"), [(set[str](), "./lab up"), ({"libvirt", "docker"}, "log in again")]
)
def test_libvirt_and_docker_are_not_asked_before_the_user_may(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    question: tuple[str, ...],
    database: set[str],
    hint: str,
):
    for name in ("virsh", "docker"):
        program(tmp_path, name, f"open({str(tmp_path / 'asked')!r}, 'w')")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    HostTransport().run(question)
    assert (tmp_path / "asked").exists()
    (tmp_path / "asked").unlink()
    a_user(monkeypatch, process={"users"}, database=database)
    with pytest.raises(Unreachable, match=hint):
        HostTransport().run(question)
    with pytest.raises(docker_cli.DockerFailed, match=hint):
        docker_cli.docker("version")
    assert not (tmp_path / "asked").exists()


def test_other_programs_run_before_the_user_may_ask_libvirt(monkeypatch: pytest.MonkeyPatch):
    a_user(monkeypatch, process=set(), database=set())
    assert HostTransport().run(["echo", "virsh-like", "words"]).stdout == "virsh-like words\n"


def on_a_terminal(script: str) -> str:
    """What a Python program prints that has a terminal of its own."""
    child, terminal = pty.fork()
    if not child:
        os.chdir(REPO)
        os.execve(
            sys.executable, [sys.executable, "-c", script], {**os.environ, "PYTHONPATH": str(REPO)}
        )
    said = b""
    try:
        while piece := os.read(terminal, 4096):
            said += piece
    except OSError:
        pass  # Its end, on Linux.
    os.waitpid(child, 0)
    os.close(terminal)
    return said.decode()


RUNS = (
    "from machine.host.transport import HostTransport as H\nprint(H().run(['virsh']).stdout)",
    "from machine.steps import run\nprint(run(['virsh']))",
    "from machine.host.docker_cli import docker\nprint(docker('version'))",
    "from machine.host.docker_cli import last_words\nprint(last_words('x'))",
    "from machine.host.answers import of_command\n"
    "print(of_command(['sh', '-c', 'virsh >&2; exit 1'], 9))",
    "from machine.deployment.engine import Engine\nfrom pathlib import Path\n"
    "import os\nprint(Engine(os.environ, Path('/x'), Path('/x')).ask('version'))",
)


@pytest.mark.parametrize("run", RUNS)
def test_what_runs_on_the_host_cannot_take_the_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: str
):
    for name in ("virsh", "docker", "pulumi"):
        program(tmp_path, name, NO_TERMINAL)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    control = on_a_terminal("import subprocess\nsubprocess.run(['virsh'])")
    assert "took the terminal" in control
    assert on_a_terminal(run).strip() == "no terminal"


def test_sudo_keeps_the_terminal_where_it_asks_for_the_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    program(tmp_path, "sudo", NO_TERMINAL)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    run = "from machine.steps import run\nprint(run(['sudo', 'x']))"
    assert "took the terminal" in on_a_terminal(run)


def test_listeners_are_those_of_the_kernels_table():
    table = (
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 1234 /var/run/docker.sock\n"
        "0000000000000000: 00000003 00000000 00000000 0001 03 1235 /run/libvirt/libvirt-sock\n"
        "0000000000000000: 00000003 00000000 00000000 0001 03 1236\n"
    )
    assert answers.listeners(table) == {"/run/docker.sock"}


@pytest.mark.parametrize(("listens", "standing"), [(True, "unasked"), (False, "silent")])
def test_a_daemon_that_may_not_be_asked_is_not_taken_for_missing(
    monkeypatch: pytest.MonkeyPatch, listens: bool, standing: daemons.Standing
):
    a_user(monkeypatch, process=set(), database=set())
    monkeypatch.setattr(answers, "listens", lambda path: listens)
    monkeypatch.setattr(answers, "of_command", lambda command, timeout: pytest.fail(str(command)))
    for daemon in daemons.DAEMONS:
        if daemon.name in ("libvirtd", "dockerd"):
            assert daemon.standing() == standing
            verdict = "unknown" if listens else "missing"
            assert doctor.daemon_check(daemon.name, standing).verdict == verdict


def test_access_comes_before_the_daemons_are_asked(monkeypatch: pytest.MonkeyPatch):
    order: list[str] = []
    monkeypatch.setattr(provision, "_system", lambda report, yes: order.append("packages"))
    monkeypatch.setattr(provision, "_all", lambda s, report: order.extend(step.name for step in s))
    monkeypatch.setattr(provision, "_service_images", lambda report: None)
    monkeypatch.setattr(provision, "_guest_image", lambda report: None)
    provision.prepare(lambda line: None)
    assert order[:3] == ["packages", "access", "dbus"]


def test_one_question_lists_all_that_needs_root():
    found = provision.actions(["qemu-utils"], (), lets_in=True, builds=True)
    assert [action.words.split()[0] for action in found] == ["install", "let", "start", "build"]
    silent = [daemon for daemon in daemons.DAEMONS if daemon.name != "dbus"]
    (only,) = provision.actions((), silent, lets_in=False, builds=False)
    assert only.words == "start virtlogd, libvirtd, dockerd"
    assert provision.actions((), (), lets_in=False, builds=False) == ()


def test_a_user_without_sudos_rights_gets_the_commands_for_an_administrator(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    program(tmp_path, "sudo", "raise SystemExit('nosudo is not in the sudoers file.')")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(privilege, "is_root", lambda: False)
    with pytest.raises(Unable, match="nothing was changed") as told:
        privilege.agree(provision.actions(["dbus"], (), lets_in=True, builds=True), yes=True)
    assert "apt-get install --no-install-recommends dbus" in told.value.hint
    assert "usermod -a -G libvirt,docker" in told.value.hint
    assert "systemctl enable --now" in told.value.hint


def test_consent_is_asked_for_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    program(tmp_path, "sudo", "raise SystemExit(0)")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv(privilege.AGREED, "")
    monkeypatch.delenv(privilege.AGREED)
    monkeypatch.setattr(privilege, "is_root", lambda: False)
    action = privilege.Action(words="start dockerd")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(Unable, match="--yes"):
        privilege.agree([action], yes=False)
    privilege.agree([action], yes=True)
    privilege.agree([action], yes=False)


def test_a_step_that_starts_the_command_again_says_nothing_of_being_done(
    monkeypatch: pytest.MonkeyPatch,
):
    a_user(monkeypatch, process=set(), database={"libvirt", "docker"})
    monkeypatch.setattr(access.renew, "possible", lambda groups: True)
    said: list[str] = []
    with pytest.raises(access.renew.StartAgain):
        steps.ensure(access.step(), said.append)
    assert said[-1] == "access: starting again with the new groups"


def test_where_no_way_leads_to_the_groups_a_new_login_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
):
    a_user(monkeypatch, process=set(), database={"libvirt", "docker"})
    monkeypatch.setattr(access.renew, "possible", lambda groups: False)
    with pytest.raises(Unable, match="log in again"):
        steps.ensure(access.step(), lambda line: None)


OK = Check(name="packages", verdict="ok", detail="")
PACKAGE = doctor.packages_check(["dbus"])
UNASKED = doctor.daemon_check("dockerd", "unasked")


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        ((OK,), "can run"),
        ((OK, doctor.access_check("login", ("docker",)), UNASKED), "Only a new login"),
        ((OK, doctor.access_check("missing", ("docker",)), UNASKED), "./lab up"),
        ((PACKAGE, doctor.access_check("login", ("docker",))), "installs what is missing"),
        ((OK, UNASKED), "unknown"),
    ],
)
def test_the_doctors_last_line_says_what_is_to_be_done(checks: tuple[Check, ...], words: str):
    assert words in doctor.conclusion(checks)


def test_a_process_may_run_with_groups_that_have_no_name():
    code = "from machine.host import access; print(access.missing())"
    # The checkout may lie in a folder that is root's alone.
    reads = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    command = ["setpriv", "--reuid=65533", "--regid=65533", "--groups=65532", *reads]
    if os.geteuid():
        pytest.skip("another user's process can be started by root alone")
    said = subprocess.run(
        [*command, sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True
    )
    assert said.stdout == "('libvirt', 'docker')\n"


def test_where_polkit_decides_the_database_is_enough_for_libvirt(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(access, "is_root", lambda: False)
    monkeypatch.setattr(access, "_process_groups", lambda: frozenset({"docker"}))
    monkeypatch.setattr(access, "_database_groups", lambda: frozenset({"docker", "libvirt"}))
    for writable, lacks in ((True, ()), (False, ("libvirt",))):
        monkeypatch.setattr(os, "access", lambda path, mode, answer=writable: answer)
        assert access.missing() == lacks
    monkeypatch.setattr(access, "_database_groups", lambda: frozenset({"docker"}))
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    assert access.missing() == ("libvirt",)
