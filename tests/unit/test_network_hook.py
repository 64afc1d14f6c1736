"""The installation of libvirt's hook, as a machine with systemd runs it."""

import subprocess
from pathlib import Path

import pytest

from machine.setup import daemons, network_hook

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
    monkeypatch.setattr(network_hook, "HOOK", hook)
    subprocess.run(
        network_hook.action().command,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "UNITS": units, "DONE": str(done)},
        check=True,
    )
    assert network_hook.state(hook) == "installed"
    assert (done.read_text().splitlines() if done.exists() else []) == restarted
