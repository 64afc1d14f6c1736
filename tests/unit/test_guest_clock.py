"""A guest's clock follows the host's: its own stands still while the host sleeps."""

import os
import subprocess
from pathlib import Path

import pytest

from machine import paths

SCRIPT = paths.REPO / "images/guest/prepared/usr/local/lib/isolab/clock"
NOW = 1_800_000_000
DATE = f"""#!/bin/sh
if [ "$1" = --set ]; then echo "$2" >>"$SET"; else echo {NOW}; fi
"""


def run(folder: Path, real: int | None) -> str:
    """What the clock is set to where the real-time clock tells this; empty where it is left."""
    program = folder / "bin/date"
    program.parent.mkdir()
    program.write_text(DATE)
    program.chmod(0o755)
    if real is not None:
        (folder / "since_epoch").write_text(f"{real}\n")
    changed = folder / "set"
    changed.touch()
    variables = {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "ISOLAB_RTC": str(folder),
        "SET": str(changed),
    }
    subprocess.run([SCRIPT], env=variables, check=True)
    return changed.read_text().strip()


@pytest.mark.parametrize("hours", [-9, 9])
def test_a_clock_that_differs_is_set(tmp_path: Path, hours: int) -> None:
    real = NOW + hours * 3600
    assert run(tmp_path, real) == f"@{real}"


@pytest.mark.parametrize("seconds", [-2, 0, 2])
def test_a_clock_that_is_right_is_left(tmp_path: Path, seconds: int) -> None:
    assert run(tmp_path, NOW + seconds) == ""


def test_without_a_real_time_clock_nothing_is_done(tmp_path: Path) -> None:
    assert run(tmp_path, None) == ""
