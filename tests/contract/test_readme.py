"""What the README shows is what the program prints."""

import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
PAIR = "tests/labs/diffs/guest-memory"


@pytest.mark.slow
def test_the_diff_in_the_readme_is_the_programs_own() -> None:
    command = ["diff", f"{PAIR}/old.yaml", f"{PAIR}/new.yaml", "--stack", "nobody-has-this-one"]
    done = subprocess.run(
        [sys.executable, "-m", "isolab", *command],
        cwd=REPO,
        env={"PATH": "/usr/bin:/bin", "ISOLAB_CACHE": "/nonexistent", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout
    assert f"```\n{done.stdout}```" in (REPO / "README.md").read_text()
