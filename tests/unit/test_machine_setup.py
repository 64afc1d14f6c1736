import time
from pathlib import Path

import pytest

from airgap.install import link_engine
from machine import paths, steps
from machine import sandbox as sandboxes
from machine.engine import environment, plugins, pulumi_cli, pulumi_release
from machine.host.kvm import Finding
from machine.sandbox import cgroups
from machine.setup import daemons, doctor, packages
from machine.steps import Step, Unable, ensure


def test_a_step_that_holds_says_and_does_nothing():
    said: list[str] = []
    ensure(Step(name="x", look=lambda: "", act=lambda report: report("acted")), said.append)
    assert said == []


def test_a_step_acts_once_and_looks_again():
    state = ["missing"]
    said: list[str] = []
    step = Step(name="x", look=lambda: state[0], act=lambda report: state.__setitem__(0, ""))
    ensure(step, said.append)
    assert said[0] == "x: missing"
    assert said[-1].startswith("x: done in")


def test_a_step_that_did_not_help_is_an_error():
    with pytest.raises(Unable, match="still to do: broken"):
        ensure(Step(name="x", look=lambda: "broken", act=lambda report: None), lambda line: None)


def test_a_long_step_says_what_it_does_before_it_does_it_and_that_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(steps, "HEARTBEAT", 0.01)
    said: list[str] = []
    with steps.timed("image a", "building it", said.append):
        assert said == ["image a: building it"]
        while not said[1:]:
            time.sleep(0.01)
    assert said[1].startswith("image a: still running")
    assert said[-1].startswith("image a: done in")


def test_dpkg_lists_removed_packages_that_do_not_count():
    listing = "qemu-utils installed\ndbus config-files\nxsltproc not-installed\n"
    assert packages.installed_of(listing) == {"qemu-utils"}


def test_a_dockerd_of_another_origin_makes_the_package_unnecessary():
    names = {package.name for package in packages.PACKAGES} - {"docker.io", "qemu-utils"}
    missing = packages.missing_of(names, lambda command: command == "dockerd", lambda name: True)
    assert missing == ("qemu-utils",)


@pytest.mark.parametrize(
    ("commands", "known", "missing"),
    [
        (set[str](), {"docker-cli"}, ("docker-cli",)),
        ({"docker"}, {"docker-cli"}, ()),
        (set[str](), set[str](), ()),
    ],
)
def test_dockers_client_is_a_package_only_where_apt_knows_it(
    commands: set[str], known: set[str], missing: tuple[str, ...]
):
    names = {package.name for package in packages.PACKAGES} - {"docker-cli"}
    assert packages.missing_of(names, commands.__contains__, known.__contains__) == missing


def test_a_daemon_whose_client_is_missing_is_not_called_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    (dockerd,) = [step for step in daemons.steps() if step.name == "dockerd"]
    with pytest.raises(Unable, match="docker is not on this machine") as caught:
        dockerd.look()
    assert "docker-cli" in caught.value.hint
    # It was never started, so this is no word about the daemon.
    assert "answer" not in caught.value.message


@pytest.mark.parametrize(("systemd", "way"), [(True, "systemd"), (False, "hand")])
def test_daemons_are_systemds_where_it_runs(systemd: bool, way: str):
    assert daemons.way(systemd=systemd) == way


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        ("LoadState=loaded\nActiveState=failed\nUnitFileState=enabled\n", "failed, enabled"),
        ("LoadState=loaded\nActiveState=inactive\nUnitFileState=\n", "inactive"),
        ("LoadState=masked\nActiveState=inactive\nUnitFileState=masked\n", "masked"),
        ("LoadState=not-found\nActiveState=inactive\nUnitFileState=\n", "not-found"),
        ("", ""),
    ],
)
def test_a_daemon_that_does_not_answer_is_told_with_its_units_state(shown: str, state: str):
    assert daemons.state_of(shown) == state
    check = doctor.daemon_check("dockerd", "silent", "docker.service", state)
    assert check.detail == "does not answer" + (f": docker.service is {state}" if state else "")
    assert ("unmask docker.service" in check.fix) == (state == "masked")


def test_a_hidden_kvm_stays_hidden_from_libvirtd_alone():
    command = daemons.without_kvm(("libvirtd", "-d"))
    assert command[:2] == ["unshare", "-m"]
    assert command[-1].endswith("&& exec libvirtd -d")


@pytest.mark.parametrize(
    ("said", "enough"),
    [("v3.274.1", True), ("v3.200.0-alpha.1", True), ("v3.199.9", False), ("", False)],
)
def test_an_engine_on_path_has_to_be_new_enough(said: str, enough: bool):
    assert (pulumi_cli.parse_version(said) >= pulumi_cli.OLDEST) is enough


def test_the_engine_is_published_by_processor():
    assert pulumi_release.archive("3.274.1", "x86_64") == "pulumi-v3.274.1-linux-x64.tar.gz"
    assert pulumi_release.archive("3.274.1", "aarch64").endswith("linux-arm64.tar.gz")
    with pytest.raises(Unable, match="riscv64"):
        pulumi_release.archive("3.274.1", "riscv64")


@pytest.mark.parametrize(
    ("wish", "stands", "reachable", "source"),
    [
        (None, False, True, "official"),
        (None, True, False, "official"),
        (None, False, False, "airgap"),
        ("airgap", True, True, "airgap"),
        ("official", False, False, "official"),
    ],
)
def test_official_plugins_where_they_can_be_had(
    wish: plugins.Source | None, stands: bool, reachable: bool, source: str
):
    assert plugins.decide(wish, stands=stands, reachable=reachable) == source


def test_official_plugins_that_cannot_be_had_say_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    cli = tmp_path / "pulumi"
    cli.write_text("#!/bin/sh\necho 'error: no such host' >&2\nexit 1\n")
    cli.chmod(0o755)
    monkeypatch.setenv("ISOLAB_PLUGINS", "official")
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(pulumi_cli, "executable", lambda: cli)
    with pytest.raises(
        Unable, match=r"libvirt .* could not be installed: error: no such host"
    ) as told:
        plugins.step().act(lambda line: None)
    assert "ISOLAB_PLUGINS=airgap" in told.value.hint


def test_the_doctor_says_whose_language_host_is_in_use():
    host = Path("/opt/pulumi-language-python")
    assert "isolab's own" in doctor.language_host_check(host, "airgap").detail
    other = doctor.language_host_check(host, "official")
    assert "the engine's own" in other.detail
    assert "/opt/pulumi-language-python" in other.detail
    assert doctor.language_host_check(None, "official").verdict == "missing"


def test_an_engine_beside_the_language_host_is_a_link_of_its_own(tmp_path: Path):
    retained, folder = tmp_path / "pulumi", tmp_path / "beside"
    retained.write_text("one")
    folder.mkdir()
    linked = link_engine(retained, folder)
    assert linked == folder / "pulumi" and linked.samefile(retained) and not linked.is_symlink()
    retained.unlink()
    retained.write_text("another")
    assert link_engine(retained, folder).read_text() == "another"


def test_an_engine_on_path_without_a_language_host_gets_one_beside_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    own = tmp_path / "own" / "pulumi"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\necho v3.274.1\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", f"{own.parent}:/usr/bin:/bin")
    monkeypatch.setenv("ISOLAB_PLUGINS", "airgap")
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path / "cache"))
    ensure(plugins.step(), lambda line: None)
    assert pulumi_cli.executable() == own
    assert plugins.language_host("airgap") == paths.language_host() / "pulumi-language-python"
    assert plugins.cli("airgap") == paths.language_host() / "pulumi"


def test_a_misspelt_choice_of_plugins_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ISOLAB_PLUGINS", "offical")
    with pytest.raises(Unable, match="offical"):
        plugins.forced()


@pytest.fixture
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path))
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_state_lies_in_a_file_backend_with_a_passphrase_of_its_own(own_home):
    found = environment.variables({"PATH": "/bin"}, source="airgap", login=None)
    assert found["PULUMI_BACKEND_URL"] == f"file://{own_home}/state"
    assert (own_home / "passphrase").stat().st_mode & 0o777 == 0o600
    assert found["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"


def test_a_login_is_honoured(own_home):
    login = ("https://api.pulumi.com", own_home)
    found = environment.variables({"PATH": "/bin"}, source="official", login=login)
    assert found["PULUMI_BACKEND_URL"] == "https://api.pulumi.com"
    assert found["PULUMI_CREDENTIALS_PATH"] == str(own_home)
    assert "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" not in found


def test_a_backend_and_a_passphrase_of_the_users_own_are_left_alone(own_home):
    given = {"PATH": "/bin", "PULUMI_BACKEND_URL": "s3://b", "PULUMI_CONFIG_PASSPHRASE": ""}
    found = environment.variables(given, source="official", login=("https://x", own_home))
    assert "PULUMI_BACKEND_URL" not in found
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in found


def test_our_folders_come_first_on_path_and_once(tmp_path):
    once = environment.search_path("/bin:/usr/bin", (tmp_path,))
    assert once == f"{tmp_path}:/bin:/usr/bin"
    assert environment.search_path(once, (tmp_path,)) == once


def test_a_sandbox_runs_lab_commands_and_programs():
    assert sandboxes.words(["up", "--yes"])[1:] == ["up", "--yes"]
    assert sandboxes.words(["--", "virsh", "list"]) == ["virsh", "list"]
    assert sandboxes.words(["--"]) == ["sh"]


def test_nothing_in_a_sandbox_points_out_of_it(tmp_path):
    given = {"DOCKER_HOST": "tcp://other", "LIBVIRT_DEFAULT_URI": "qemu+ssh://other/system"}
    found = sandboxes.environment({**given, "PULUMI_ACCESS_TOKEN": "x"}, tmp_path, "airgap")
    assert found["DOCKER_HOST"] == "unix:///var/run/docker.sock"
    assert found["PULUMI_BACKEND_URL"].startswith(f"file://{tmp_path}")
    assert not {"LIBVIRT_DEFAULT_URI", "PULUMI_ACCESS_TOKEN"} & found.keys()


def test_hierarchies_of_both_versions_are_told_apart():
    table = (
        "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0\n"
        "cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0\n"
        "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime,nsdelegate 0 0\n"
        "tmpfs /run tmpfs rw 0 0\n"
    )
    found = cgroups.parse(table)
    assert [h.kind for h in found] == ["cgroup", "cgroup", "cgroup2"]
    assert [h.options for h in found] == ["cpu,cpuacct", "none,name=systemd", ""]


def test_a_kvm_that_does_not_work_keeps_no_lab_from_running():
    finding = Finding(verdict="unusable", detail="a kernel hangs")
    check = doctor.kvm_check(finding, tried_by_libvirt=True, hidden=False)
    assert check.verdict == "unusable"
    assert "unshare" in check.fix
    assert doctor.able([check])


def test_a_missing_package_comes_with_its_command():
    check = doctor.packages_check(["dbus"])
    assert (check.verdict, check.fix) == ("missing", "apt-get install dbus")
    assert not doctor.able([check])
