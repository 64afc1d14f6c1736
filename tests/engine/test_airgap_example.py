"""The example beside the plugins, set up as its README says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import docker_bench
import harness
import libvirt_bench
import pytest

pytestmark = [
    libvirt_bench.needed,
    docker_bench.needed,
    pytest.mark.airgap("the example is that of its README"),
]
EXAMPLE = harness.REPO / "airgap" / "example"
NAME = "airgap-example"


def test_the_example_comes_and_goes(tmp_path: Path) -> None:
    python = [sys.executable, "-m", "airgap", str(tmp_path / "own")]
    said = subprocess.run(
        [*python, "--engine", str(harness.engine())],
        cwd=harness.REPO, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    exported = dict(re.findall(r"(\w+)=(\S+)", said))
    folder = exported["PATH"].split(":")[0]
    environment = {
        **os.environ,
        **exported,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "PULUMI_CONFIG_PASSPHRASE": "only for tests",
    }
    shutil.copytree(EXAMPLE, tmp_path / "example")

    def pulumi(*words: str) -> str:
        done = subprocess.run(
            [f"{folder}/pulumi", *words, "--non-interactive"],
            cwd=tmp_path / "example", env=environment, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    pulumi("stack", "init", "try")
    try:
        told = pulumi("up", "--yes", "--skip-preview")
        assert "from $PATH" not in told
        assert os.uname().release in pulumi("stack", "output", "kernel")
        networks = libvirt_bench.libvirt.open(libvirt_bench.URI).listNetworks()
        assert NAME in networks
        pulumi("preview", "--expect-no-changes")
    finally:
        pulumi("destroy", "--yes", "--skip-preview")
    assert NAME not in libvirt_bench.libvirt.open(libvirt_bench.URI).listNetworks()


def test_no_engine_is_said(tmp_path: Path) -> None:
    python = [sys.executable, "-m", "airgap", str(tmp_path)]
    done = subprocess.run(
        [*python, "--engine", str(tmp_path / "absent")],
        cwd=harness.REPO, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"there is no engine at {tmp_path}/absent" in done.stderr
