"""A daemon's socket on another machine, brought here by one ssh."""

import contextlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from airgap.framework import Failure
from airgap.framework.waiting import NotYet

DAEMON_SOCKET = "/var/run/docker.sock"
TIMEOUT = 40.0
"""Seconds for one ssh to bring the socket here."""
BROKEN_OFF = re.compile(
    r"kex_exchange_identification|banner|ssh_dispatch_run_fatal|bad packet length"
    r"|connection (to \S+ )?(closed|reset)|broken pipe|lost connection",
    re.IGNORECASE,
)
"""What ssh says where somebody let it in, but was no sshd yet, or no more."""


class Tunnel:
    """One ssh for all requests: an ssh each would cost an emulated guest half a second a time."""

    def __init__(self, host: str, options: list[str]) -> None:
        target = urlsplit(host)
        self._folder = tempfile.mkdtemp(prefix="isolab-docker-")
        socket = Path(self._folder) / "docker.sock"
        self.address = f"unix://{socket}"
        self._ssh = subprocess.Popen(
            [
                "ssh", "-N", "-T", "-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=15",
                *options,
                *(["-p", str(target.port)] if target.port else []),
                "-L", f"{socket}:{target.path or DAEMON_SOCKET}",
                f"{target.username}@{target.hostname}" if target.username else str(target.hostname),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        deadline = time.monotonic() + TIMEOUT
        while not socket.exists():
            ended = self._ssh.poll() is not None
            if ended or time.monotonic() > deadline:
                said = self.close()
                # With LogLevel=ERROR, ssh says nothing of an sshd that goes once it has let it in.
                kind = NotYet if BROKEN_OFF.search(said) or (ended and not said) else Failure
                if not said:
                    said = "ssh lost its connection" if ended else f"ssh took over {TIMEOUT:g} s"
                raise kind(f"Docker does not answer at {host}: {said}")
            time.sleep(0.02)
        threading.Thread(target=self._drain, daemon=True).start()

    def alive(self) -> bool:
        """Whether ssh still runs."""
        return self._ssh.poll() is None

    def _drain(self) -> None:
        assert self._ssh.stderr
        for _ in self._ssh.stderr:
            pass

    def close(self) -> str:
        """End ssh; what it said, where nobody has read it yet."""
        self._ssh.terminate()
        said = ""
        with contextlib.suppress(ValueError, subprocess.TimeoutExpired):
            said = (self._ssh.communicate(timeout=5)[1] or "").strip()
        shutil.rmtree(self._folder, ignore_errors=True)
        return said.splitlines()[-1] if said else ""
