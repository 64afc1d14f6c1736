"""Two sets of plugins side by side: which is whole, which is in use, and what the engine finds."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from airgap.install import write_plugin
from machine import paths
from machine.engine import (
    environment,
    plugin_info,
    plugins,
    plugins_airgap,
    plugins_official,
    pulumi_cli,
)
from machine.setup import doctor
from machine.steps import Unable, ensure

PROGRAM = Path(shutil.which("true") or "/bin/true").resolve()
"""A compiled program that is no plugin."""


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checkout's folder, a cache and a CLI of the test's own."""
    monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ISOLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("ISOLAB_PLUGINS", raising=False)
    cli = pulumi_cli.installed()
    cli.parent.mkdir(parents=True)
    cli.write_text(f"#!/bin/sh\necho v{pulumi_cli.VERSION}\n")
    cli.chmod(0o755)
    return tmp_path


def official_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled programs in the places of the official set, which answer what they should."""
    host = plugins_official.folder() / f"language-python-v{pulumi_cli.VERSION}"
    places = [plugins_official.executable(name) for name in plugin_info.NAMES]
    for file in (*places, host / "pulumi-language-python", host / "pulumi-language-python-exec"):
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROGRAM, file)
    told = dict(zip(places, plugin_info.versions().values(), strict=True))
    monkeypatch.setattr(plugin_info, "asked", lambda file, kind: told.get(file, pulumi_cli.VERSION))


@pytest.mark.parametrize("name", plugin_info.NAMES)
def test_a_plugin_that_runs_tells_its_version(tmp_path: Path, name: str) -> None:
    version = plugin_info.versions()[name]
    folder = write_plugin(name, version, Path(sys.executable), tmp_path)
    assert plugin_info.asked(folder / plugin_info.program(name), "resource") == version


def test_what_is_no_plugin_tells_nothing(tmp_path: Path) -> None:
    half = tmp_path / "half"
    half.write_bytes(PROGRAM.read_bytes()[:4096])
    half.chmod(0o755)
    assert plugin_info.is_binary(half)
    for file in (half, PROGRAM, tmp_path / "absent"):
        assert plugin_info.asked(file, "resource") is None


@pytest.mark.parametrize("content", ["half", "script", "another"])
def test_a_wrong_program_in_the_place_of_a_plugin_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    real = plugin_info.asked
    official_stands(monkeypatch)
    assert plugins.missing("official") == ""
    monkeypatch.setattr(plugin_info, "asked", real)
    docker = plugins_official.executable("docker")
    written = {"half": PROGRAM.read_bytes()[:4096], "script": b"#!/bin/sh\n"}
    docker.write_bytes(written.get(content, PROGRAM.read_bytes() + b"\0"))
    assert plugins.missing("official") == "docker"
    check = doctor.plugins_check("official", plugins.missing("official"), in_use=True)
    assert (check.verdict, check.detail) == (
        "missing",
        "official, not installed or not usable: docker",
    )


def test_another_version_of_a_plugin_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    official_stands(monkeypatch)
    monkeypatch.setattr(plugin_info, "asked", lambda file, kind: "0.0.1")
    assert plugins.missing("official") == "libvirt, docker, command"


def test_a_set_is_asked_once_and_again_when_it_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    official_stands(monkeypatch)
    assert plugins.missing("official") == ""
    asked: list[Path] = []
    monkeypatch.setattr(plugin_info, "asked", lambda file, kind: asked.append(file))
    assert plugins.missing("official") == ""
    assert asked == []
    os.utime(plugins_official.executable("docker"), ns=(1, 1))
    assert plugins.missing("official") == "docker"
    assert asked == [plugins_official.executable("docker")]


def test_both_sets_stand_and_either_is_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    official_stands(monkeypatch)
    said: list[str] = []
    for wish in ("official", "airgap", "official", "airgap"):
        monkeypatch.setenv("ISOLAB_PLUGINS", wish)
        ensure(plugins.step(), said.append)
        monkeypatch.delenv("ISOLAB_PLUGINS")
        assert plugins.choice() == wish
        assert plugins.step().look() == ""
    assert plugins.missing("official") == plugins.missing("airgap") == ""
    assert said.count("plugins: changing to official") == 2
    assert said.count("plugins: changing to airgap") == 1  # it was written at the first


def test_the_engine_finds_the_plugins_and_the_language_host_of_one_set_alone(
    monkeypatch: pytest.MonkeyPatch, own_folders: Path
) -> None:
    official_stands(monkeypatch)
    before = f"{paths.language_host()}:/usr/bin:/bin"
    found = {}
    for wish in ("official", "airgap"):
        monkeypatch.setenv("ISOLAB_PLUGINS", wish)
        ensure(plugins.step(), lambda line: None)
        found[wish] = environment.variables({"PATH": before}, source=wish, login=None)
    hosts = {w: shutil.which("pulumi-language-python", path=v["PATH"]) for w, v in found.items()}
    retained = plugins_official.folder() / f"language-python-v{pulumi_cli.VERSION}"
    assert hosts["official"] == str(retained / "pulumi-language-python")
    assert hosts["airgap"] == str(paths.language_host() / "pulumi-language-python")
    for wish, variables in found.items():
        cli = shutil.which("pulumi", path=variables["PATH"])
        assert cli and Path(cli).parent == Path(hosts[wish] or "").parent
        assert Path(cli).samefile(pulumi_cli.installed())
        home = Path(variables["PULUMI_HOME"])
        assert (home / "workspaces").resolve() == paths.pulumi_home() / "workspaces"
        program = plugin_info.program("docker")
        plugin = home / "plugins" / plugin_info.folder("docker") / program
        assert plugin_info.is_binary(plugin) == (wish == "official")
    same = found["official"].keys() & found["airgap"].keys() - {"PATH", "PULUMI_HOME"}
    assert {"PULUMI_BACKEND_URL", "PULUMI_CREDENTIALS_PATH"} <= same
    assert all(found["official"][name] == found["airgap"][name] for name in same)


def test_two_checkouts_share_the_official_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    official_stands(monkeypatch)
    monkeypatch.setenv("ISOLAB_PLUGINS", "official")
    for checkout in ("one", "two"):
        monkeypatch.setenv("ISOLAB_HOME", str(tmp_path / checkout))
        ensure(plugins.step(), lambda line: None)
        assert (paths.engine_home("official") / "plugins").resolve() == plugins_official.folder()


def test_a_language_host_of_isolabs_own_on_path_is_not_taken_for_the_official_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    official_stands(monkeypatch)
    shutil.rmtree(plugins_official.folder() / f"language-python-v{pulumi_cli.VERSION}")
    own = write_plugin("python", "", Path(sys.executable), tmp_path / "elsewhere")
    renamed = own.rename(tmp_path / "tools")
    (renamed / "pulumi-language-python-exec").touch()
    monkeypatch.setenv("PATH", f"{renamed}:/usr/bin:/bin")
    assert plugins_official.language_host() is None
    monkeypatch.setenv("ISOLAB_PLUGINS", "official")
    with pytest.raises(Unable, match="no language host for Python"):
        ensure(plugins.step(), lambda line: None)


def test_a_set_that_stands_is_taken_where_nobody_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    official_stands(monkeypatch)
    ensure(plugins.step(), lambda line: None)
    assert plugins.choice() == "official"


def test_the_plugins_that_airgap_wrote_are_written_again_where_one_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ISOLAB_PLUGINS", "airgap")
    ensure(plugins.step(), lambda line: None)
    place = plugins_airgap.folder() / plugin_info.folder("docker") / plugin_info.program("docker")
    place.unlink()
    assert plugins.step().look() == "installing docker"
    ensure(plugins.step(), lambda line: None)
    assert place.exists()


@pytest.mark.parametrize(
    ("source", "lacking", "in_use", "verdict", "words"),
    [
        (None, "", False, "missing", "not installed"),
        ("official", "", True, "ok", "official: libvirt"),
        ("official", "", False, "ok", "in use from the next ./lab up"),
        ("airgap", "", True, "ok", "airgap, isolab's own: libvirt"),
        ("airgap", "docker", True, "missing", "not usable: docker"),
    ],
)
def test_the_doctor_says_which_plugins_are_in_use(
    source: plugins.Source | None, lacking: str, in_use: bool, verdict: str, words: str
) -> None:
    check = doctor.plugins_check(source, lacking, in_use=in_use)
    assert check.verdict == verdict
    assert words in check.detail
