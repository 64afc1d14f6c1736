"""libvirt's hooks: installed as on a machine with systemd, and what the one for containers does."""

import json
import subprocess
from pathlib import Path

import pytest

from machine.setup import daemons, doctor, libvirt_containers, network_hook

SYSTEMCTL = """#!/bin/sh
# As systemd's: a unit that is not there fails whatever is asked of it.
verb= unit=
for word; do
    case $word in
        -*) ;;
        *.service) unit=$word ;;
        *) verb=$word ;;
    esac
    [ -z "$unit" ] || case " $UNITS " in
        *" $unit "*) [ "$verb" = is-active ] || echo "$verb $unit" >>"$DONE" ;;
        *) exit 5 ;;
    esac
done
"""


@pytest.mark.parametrize(
    ("units", "restarted"),
    [
        ("libvirtd.service", ["restart libvirtd.service"]),
        ("virtnetworkd.service", ["restart virtnetworkd.service"]),
        ("", []),
    ],
    ids=["Debian", "Fedora", "neither runs"],
)
def test_the_daemon_that_runs_is_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, units: str, restarted: list[str]
) -> None:
    systemctl, done, hook = tmp_path / "systemctl", tmp_path / "done", tmp_path / "d/isolab"
    systemctl.write_text(SYSTEMCTL)
    systemctl.chmod(0o755)
    monkeypatch.setattr(daemons, "has_systemd", lambda: True)
    starter = hook.with_name("isolab-containers")
    files = ((hook, network_hook.SOURCE), (starter, network_hook.STARTER_SOURCE))
    monkeypatch.setattr(network_hook, "FILES", files)
    subprocess.run(
        network_hook.action().command,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "UNITS": units, "DONE": str(done)},
        check=True,
    )
    assert network_hook.state(hook) == "installed"
    assert network_hook.state(*files[1]) == "installed"
    assert (done.read_text().splitlines() if done.exists() else []) == restarted


def test_doctor_tells_what_is_off_without_the_one_for_containers() -> None:
    check = doctor.hook_check("installed", "missing")
    assert (check.verdict, "registry" in check.detail) == ("missing", True)
    assert str(network_hook.STARTER) in check.fix


NETWORK = """<hookData><network><name>a</name><domain name="{domain}"/>
<ip address="10.76.117.1" netmask="255.255.255.0"/></network></hookData>"""


@pytest.mark.parametrize(
    ("document", "gateway"),
    [
        (NETWORK.format(domain="reference.isolab"), "10.76.117.1"),
        (NETWORK.format(domain="example.org"), ""),
        ("<network><name>default</name></network>", ""),
    ],
)
def test_the_networks_of_labs_alone_have_containers(document: str, gateway: str) -> None:
    assert libvirt_containers.lab_gateway(document) == gateway


def test_libvirt_does_not_wait_for_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def popen(words: list[str], **_: object) -> None:
        started.append(words)

    monkeypatch.setattr(libvirt_containers.subprocess, "Popen", popen)
    libvirt_containers.main(NETWORK.format(domain="reference.isolab"))
    libvirt_containers.main(NETWORK.format(domain="example.org"))
    assert [words[-1] for words in started] == ["10.76.117.1"]


def test_what_failed_for_want_of_the_address_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    lacked = "Error starting userland proxy: listen tcp4 {}: bind: cannot assign requested address"
    errors = {
        "registry": lacked.format("10.76.117.1:5000"),
        "another": lacked.format("10.76.118.1:5000"),
        "longer": lacked.format("110.76.117.1:5000"),
        "taken": "listen tcp4 10.76.117.1:8080: bind: address already in use",
        "ended": "",
    }
    asked: list[tuple[str, ...]] = []

    def ask(*words: str) -> str:
        asked.append(words)
        told = [f"{name} {json.dumps(error)}" for name, error in errors.items()]
        return {"ps": "\n".join(errors), "inspect": "\n".join(told)}.get(words[0], "")

    monkeypatch.setattr(libvirt_containers, "ask", ask)
    libvirt_containers.start("10.76.117.1")
    assert asked[-1] == ("start", "registry")
    errors.clear()
    asked.clear()
    libvirt_containers.start("10.76.117.1")
    assert [words[0] for words in asked] == ["ps"]
