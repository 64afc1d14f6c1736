"""The way to a Docker daemon: a socket here, or one on a guest brought here by one ssh."""

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from json import JSONDecodeError
from typing import Any

import requests
from docker import APIClient
from docker.errors import APIError, DockerException, NotFound

from airgap.docker.certificates import Certificates
from airgap.docker.tunnel import Tunnel
from airgap.framework import Failure, Lost
from airgap.framework.waiting import NotYet, answered

USUAL_HOST = "unix:///var/run/docker.sock"
TIMEOUT = 300
"""Seconds for one answer: an emulated guest that pulls or stops something is slow."""
GREETING = 30
"""Seconds for its first answer, which takes it no work."""
STARTING = 15
"""Seconds for a daemon that lets us in to come to its first answer."""
AT_ONCE = 32
"""Connections pooled to one daemon."""
BROKEN_OFF = (
    ConnectionResetError,
    ConnectionAbortedError,
    BrokenPipeError,
    TimeoutError,
    HTTPException,
    JSONDecodeError,
)
"""What an answer ends in that does not come, or not whole."""


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
        """Connect to the provider's host, also while its daemon or its sshd is just starting.

        Raises:
            Failure: Nobody answers there.
        """
        host = config.get("host") or os.environ.get("DOCKER_HOST") or USUAL_HOST
        return answered(host, lambda: cls._open(host, config), STARTING)

    @classmethod
    def _open(cls, host: str, config: Mapping[str, Any]) -> "Connection":
        tunnel = Tunnel(host, config.get("sshOpts") or []) if host.startswith("ssh://") else None
        base = tunnel.address if tunnel else host
        certificates = Certificates(config)
        try:
            first = Client(base, version="auto", timeout=GREETING, tls=certificates.tls)
            first.close()
        except (DockerException, requests.RequestException) as error:
            certificates.close()
            said = tunnel.close() if tunnel else ""
            # Its end of a tunnel is ssh's: bound before it listens there, gone when ssh is.
            kind = NotYet if tunnel or _may_be_starting(error) else Failure
            raise kind(f"Docker does not answer at {host}: {said or error}") from None
        api = Client(
            base,
            version=first.api_version,
            timeout=TIMEOUT,
            tls=certificates.tls,
            num_pools=AT_ONCE,
        )
        return cls(host, api, tunnel, certificates)

    def close(self) -> None:
        """End it, and the ssh that it came by."""
        self.api.close()
        if self._tunnel:
            self._tunnel.close()
        self._certificates.close()

    def alive(self) -> bool:
        """Whether the way to the daemon is still there; a socket is opened again each time."""
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


def _reasons(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came of; the innermost reason is the last."""
    while error is not None:
        yield error
        error = error.__context__


def _why(error: Exception) -> str:
    """The innermost reason, which says it in the fewest words."""
    *_, innermost = _reasons(error)
    text = getattr(innermost, "strerror", None) or ""
    return f": {text}" if text else ""


def _may_be_starting(error: Exception) -> bool:
    """Whether somebody let us in who then gave no whole answer."""
    reasons = [*_reasons(error)]
    if any(isinstance(reason, ssl.SSLError) for reason in reasons):
        return any(isinstance(reason, ssl.SSLEOFError) for reason in reasons)
    return any(
        isinstance(reason, BROKEN_OFF)
        or (
            isinstance(reason, requests.HTTPError)
            and reason.response is not None
            and reason.response.status_code >= 500
        )
        for reason in reasons
    )


def found(lookup: Any, *words: Any) -> Any | None:
    """What the daemon tells of a thing, or nothing where there is none."""
    try:
        return lookup(*words)
    except NotFound:
        return None
