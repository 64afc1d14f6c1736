"""The way to a Docker daemon: a socket here, or one on a guest brought here by one ssh."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from docker import APIClient
from docker.errors import APIError, DockerException, NotFound
from docker.tls import TLSConfig

from airgap.framework import Failure

USUAL_HOST = "unix:///var/run/docker.sock"
DAEMON_SOCKET = "/var/run/docker.sock"
PATIENCE = 40.0
"""Seconds for ssh to bring the socket here, and for the daemon to say its version."""
TIMEOUT = 300
"""Seconds for one answer: an emulated guest that pulls or stops something is slow."""
AT_ONCE = 32
"""Connections kept to one daemon."""


class Connection:
    """One daemon, asked by many threads at once."""

    def __init__(self, host: str, api: APIClient, tunnel: "Tunnel | None" = None) -> None:
        self.host = host
        self.api = api
        self._tunnel = tunnel

    @classmethod
    def open(cls, config: Mapping[str, Any]) -> "Connection":
        """Connect to the provider's host.

        Raises:
            Failure: Nobody answers there.
        """
        host = config.get("host") or os.environ.get("DOCKER_HOST") or USUAL_HOST
        tunnel = Tunnel(host, config.get("sshOpts") or []) if host.startswith("ssh://") else None
        base = tunnel.address if tunnel else host
        try:
            api = APIClient(
                base, version="auto", timeout=TIMEOUT, tls=_tls(config), num_pools=AT_ONCE
            )
        except (DockerException, requests.RequestException) as error:
            said = tunnel.close() if tunnel else ""
            raise Failure(f"Docker does not answer at {host}: {said or error}") from None
        return cls(host, api, tunnel)

    def close(self) -> None:
        """End it, and the ssh that it came by."""
        if self._tunnel:
            self._tunnel.close()

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Put what was being done in front of the daemon's own words."""
        try:
            yield
        except APIError as error:
            raise Failure(f"{what}: Error response from daemon: {error.explanation}") from None
        except (requests.RequestException, DockerException) as error:
            lost = f"the connection to {self.host} was lost" if self._tunnel else str(error)
            raise Failure(f"{what}: {lost}") from None


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
        deadline = time.monotonic() + PATIENCE
        while not socket.exists():
            if self._ssh.poll() is not None or time.monotonic() > deadline:
                said = self.close()
                raise Failure(f"Docker does not answer at {host}: {said or 'ssh timed out'}")
            time.sleep(0.02)
        threading.Thread(target=self._drain, daemon=True).start()

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


def _tls(config: Mapping[str, Any]) -> TLSConfig | bool:
    folder = config.get("certPath")
    materials = [config.get(f"{name}Material") for name in ("ca", "cert", "key")]
    if any(materials):
        folder = tempfile.mkdtemp(prefix="isolab-certificates-")
        for name, material in zip(("ca", "cert", "key"), materials, strict=True):
            file = Path(folder) / f"{name}.pem"
            file.touch(mode=0o600)
            file.write_text(material or "")
    if not folder:
        return False
    ca, cert, key = (str(Path(folder) / f"{name}.pem") for name in ("ca", "cert", "key"))
    return TLSConfig(client_cert=(cert, key), ca_cert=ca, verify=True)


def found(lookup: Any, *words: Any) -> Any | None:
    """What the daemon tells of a thing, or nothing where there is none."""
    try:
        return lookup(*words)
    except NotFound:
        return None
