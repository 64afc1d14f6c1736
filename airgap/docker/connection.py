"""The way to a Docker daemon: a socket here, or one on a guest brought here by one ssh."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from docker import APIClient
from docker.errors import APIError, DockerException, NotFound

from airgap.docker.certificates import Certificates
from airgap.docker.tunnel import Tunnel
from airgap.framework import Failure, Lost

USUAL_HOST = "unix:///var/run/docker.sock"
TIMEOUT = 300
"""Seconds for one answer: an emulated guest that pulls or stops something is slow."""
AT_ONCE = 32
"""Connections kept to one daemon."""


class Client(APIClient):  # pyright: ignore[reportUntypedBaseClass]
    """Docker's client, with the certificates and the way that its provider gives, and no others.

    What the environment says of certificate bundles and proxies is meant for the internet; requests
    would put it above what it was told.
    """

    trust_env = property(lambda self: False, lambda self, value: None)  # type: ignore[assignment]


class Connection:
    """One daemon, asked by many threads at once."""

    def __init__(
        self, host: str, api: APIClient, tunnel: Tunnel | None, certificates: Certificates
    ) -> None:
        self.host = host
        self.api = api
        self._tunnel = tunnel
        self._certificates = certificates

    @classmethod
    def open(cls, config: Mapping[str, Any]) -> "Connection":
        """Connect to the provider's host.

        Raises:
            Failure: Nobody answers there.
        """
        host = config.get("host") or os.environ.get("DOCKER_HOST") or USUAL_HOST
        tunnel = Tunnel(host, config.get("sshOpts") or []) if host.startswith("ssh://") else None
        base = tunnel.address if tunnel else host
        certificates = Certificates(config)
        try:
            api = Client(
                base, version="auto", timeout=TIMEOUT, tls=certificates.tls, num_pools=AT_ONCE
            )
        except (DockerException, requests.RequestException) as error:
            certificates.close()
            said = tunnel.close() if tunnel else ""
            raise Failure(f"Docker does not answer at {host}: {said or error}") from None
        return cls(host, api, tunnel, certificates)

    def close(self) -> None:
        """End it, and the ssh that it came by."""
        self.api.close()
        if self._tunnel:
            self._tunnel.close()
        self._certificates.close()

    def alive(self) -> bool:
        """Whether the way to the daemon is still there; a socket is opened anew each time."""
        return self._tunnel is None or self._tunnel.alive()

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Put what was being done in front of the daemon's own words."""
        try:
            yield
        except APIError as error:
            raise Failure(f"{what}: Error response from daemon: {error.explanation}") from None
        except (requests.RequestException, DockerException) as error:
            raise Lost(f"{what}: the connection to {self.host} was lost{_why(error)}") from None


def _why(error: Exception) -> str:
    """The innermost reason, which says it in the fewest words."""
    while error.__context__ is not None and isinstance(error.__context__, Exception):
        error = error.__context__
    text = getattr(error, "strerror", None) or ""
    return f": {text}" if text else ""


def found(lookup: Any, *words: Any) -> Any | None:
    """What the daemon tells of a thing, or nothing where there is none."""
    try:
        return lookup(*words)
    except NotFound:
        return None
