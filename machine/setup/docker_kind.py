"""Which Docker the daemon on this machine's socket is, and what other ones a user may have.

A lab's registry listens on the lab's network, which is one of the machine itself. A rootless daemon
has a network namespace of its own, and that of Docker Desktop is in a virtual machine.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from machine.host import answers
from machine.host.docker_cli import DockerFailed, docker

Kind = Literal["system", "rootless", "desktop"]
Store = Literal["classic", "containerd"]
"""Where images are; containerd's is what a new installation of Docker 29 has."""
NAMES: Mapping[Kind, str] = {
    "system": "Docker",
    "rootless": "rootless Docker",
    "desktop": "Docker Desktop",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Docker:
    """A daemon, as it describes itself."""

    kind: Kind
    version: str
    store: Store

    def usable(self) -> bool:
        """Whether its containers are on the machine's own network."""
        return self.kind == "system"


def ours() -> Docker | None:
    """The one on this machine's socket; None where it does not say."""
    try:
        return read(docker("info", "--format", "{{json .}}"))
    except DockerFailed:
        return None


def read(info: str) -> Docker | None:
    """The same, from what `docker info` prints as JSON."""
    try:
        said: dict[str, Any] = json.loads(info)
        version = said["ServerVersion"]
    except (ValueError, KeyError, TypeError):
        return None
    if not version:
        return None
    options: list[str] = said.get("SecurityOptions") or []
    rows: list[list[str]] = said.get("DriverStatus") or []
    kind: Kind = "system"
    if said.get("OperatingSystem") == "Docker Desktop":
        kind = "desktop"
    elif any("name=rootless" in option.split(",") for option in options):
        kind = "rootless"
    contained = any(row[0] == "driver-type" and "containerd" in row[1] for row in rows)
    return Docker(kind=kind, version=version, store="containerd" if contained else "classic")


def others(home: Path | None = None, runtime: str | None = None) -> tuple[Kind, ...]:
    """Those of this user beside the machine's: there is a listener on their usual sockets."""
    run = runtime or os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    usual: Mapping[Kind, Path] = {
        "rootless": Path(run) / "docker.sock",
        "desktop": (home or Path.home()) / ".docker/desktop/docker.sock",
    }
    return tuple(kind for kind, path in usual.items() if answers.listens(str(path)))
