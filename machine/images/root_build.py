"""Builds that need root's rights: each is one process, and what it makes belongs to the user.

What it does on the way is in /var/tmp and root's, and goes with the process, however that ends.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from machine import paths
from machine.host.privilege import as_root
from machine.steps import Report, Unable

Job = Literal["base image", "guest image"]
NAMESPACES = ("--mount", "--pid", "--fork", "--kill-child")
"""Its mounts are out of the machine's sight, and none of its processes outlives it.

mmdebstrap from 1.4 on makes all mounts of the namespace that it runs in private.
"""
PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")
INTERRUPTED = 128 + signal.SIGINT
LAST_WORDS = 8
"""Lines of a failed build's errors that its own error shows."""


def run(job: Job, folder: Path, report: Report) -> None:
    """Do a job with root's rights; its files are in the folder then, and belong to its owner.

    Raises:
        Unable: It failed.
        KeyboardInterrupt: Somebody pressed Ctrl-C.
    """
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        assert process.stdin and process.stdout
        try:
            # Standard input stays open: the process ends where this one does.
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(request(job, folder)) + "\n")
                process.stdin.flush()
            for line in process.stdout:
                report(line.rstrip("\n"))
        finally:
            _close(process)
            code = process.wait()
        if code in (INTERRUPTED, -signal.SIGINT):
            # Behind sudo, which may give it a terminal of its own, Ctrl-C reaches it alone.
            raise KeyboardInterrupt
        if code:
            errors.seek(0)
            said = "\n".join(errors.read().strip().splitlines()[-LAST_WORDS:])
            raise Unable(f"the {job} was not built: {said or f'exit code {code}'}")


def command() -> list[str]:
    """Starts the process; what else it has to know is in the request, which no other user sees."""
    return as_root(
        [
            "env", f"PYTHONPATH={paths.REPO}", "unshare", *NAMESPACES,
            # Root's compiled modules would stay in the user's checkout.
            sys.executable, "-B", "-m", "machine.images.root_build_inside",
        ]
    )  # fmt: skip


def request(job: Job, folder: Path) -> dict[str, object]:
    """What the process is told."""
    return {"job": job, "folder": str(folder), "environment": environment(os.environ)}


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What sudo takes away of an environment and a build needs."""
    proxies = {name: value for name, value in given.items() if name.lower() in PROXIES}
    return {
        **proxies,
        "ISOLAB_CACHE": str(paths.cache()),
        "ISOLAB_HOME": str(paths.home()),
        "LC_ALL": "C.UTF-8",
    }


def _close(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    # Where it has ended already, nobody reads what was left to write.
    with suppress(BrokenPipeError):
        process.stdin.close()
