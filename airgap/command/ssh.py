"""Connections to machines that may still be booting: dialled until they answer, and shared."""

import base64
import errno
import io
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from paramiko.channel import Channel
from paramiko.ecdsakey import ECDSAKey
from paramiko.ed25519key import Ed25519Key
from paramiko.pkey import PKey
from paramiko.rsakey import RSAKey
from paramiko.ssh_exception import AuthenticationException, SSHException
from paramiko.transport import Transport

from airgap.framework import Context, Failure

KNOCK_EVERY = 0.2
"""Seconds between two looks at a port that is not open yet."""
_RETRY_HANDSHAKE = 1.0
"""Seconds after a handshake that failed: each costs the other side half a second."""
_KNOCK_TIMEOUT = 1.0
_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 0.1, 1.5, 3.0
_SESSIONS = 8
"""At most so many commands at once over one connection; sshd allows ten."""
_REUSE_TIMEOUT = 5.0
_KEEPALIVE = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where to, as whom, and for how long."""

    host: str
    port: int
    user: str
    private_key: str
    private_key_password: str | None
    password: str | None
    host_key: str
    """As in a `.pub` file; empty to accept any."""
    attempts: int
    """After so many failed attempts there is no hope."""
    timeout: float
    """Seconds for one attempt."""

    @staticmethod
    def of(connection: Mapping[str, Any]) -> "Target":
        """The target of a command's connection."""
        return Target(
            host=connection["host"],
            port=int(connection.get("port", 22)),
            user=connection.get("user", "root"),
            private_key=connection.get("privateKey", ""),
            private_key_password=connection.get("privateKeyPassword"),
            password=connection.get("password"),
            host_key=connection.get("hostKey", ""),
            attempts=int(connection.get("dialErrorLimit", 10)),
            timeout=float(connection.get("perDialTimeout", 15)),
        )


class _NoAnswer(Exception):
    """An attempt failed; another may succeed."""

    def __init__(self, reason: str, pause: float) -> None:
        super().__init__(reason)
        self.pause = pause


class _Line:
    """The one connection to a target, and who may use it."""

    def __init__(self) -> None:
        self.dialling = threading.Lock()
        self.sessions = threading.BoundedSemaphore(_SESSIONS)
        self.transport: Transport | None = None


class Connections:
    """One connection a target, shared by all commands that run there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[Target, _Line] = {}

    @contextmanager
    def session(self, target: Target, context: Context[Any]) -> Iterator[Channel]:
        """A session on the target, which is dialled until it answers or until the timeout."""
        with self._lock:
            line = self._lines.setdefault(target, _Line())
        with line.sessions:
            with line.dialling:
                channel = _reuse(line.transport)
                if channel is None:
                    line.transport, channel = dial(target, context)
            try:
                yield channel
            finally:
                channel.close()

    def close(self) -> None:
        """Ends all connections."""
        for line in self._lines.values():
            if line.transport is not None:
                line.transport.close()


def _reuse(transport: Transport | None) -> Channel | None:
    """A session over a connection that is still good."""
    if transport is None or not transport.is_active():
        return None
    try:
        return transport.open_session(timeout=_REUSE_TIMEOUT)
    except (SSHException, OSError, EOFError):
        transport.close()
        return None


def dial(target: Target, context: Context[Any]) -> tuple[Transport, Channel]:
    """Connects and opens a session, however long the machine needs within its attempts.

    The attempts that count are as far apart as the official plugin's, three seconds in the end;
    between them the port is looked at far more often, so that no second of a boot is waited away.
    """
    began = time.monotonic()
    failed, counted, pause = 0, began, _FIRST_PAUSE
    while not context.ending.is_set():
        try:
            return _attempt(target)
        except _NoAnswer as problem:
            now = time.monotonic()
            if now >= counted:
                failed += 1
                if failed >= target.attempts:
                    where = f"{target.host}:{target.port}, {now - began:.0f} s"
                    text = f"after {failed} failed attempts: {problem} ({where})"
                    raise Failure(text) from problem
                counted, pause = now + pause, min(pause * _GROWTH, _LONGEST_PAUSE)
                context.say(f"waiting for {target.host}, {now - began:.0f} s: {problem}")
            context.ending.wait(problem.pause)
    raise Failure(f"{context.ending.reason} while waiting for {target.host}")


def _attempt(target: Target) -> tuple[Transport, Channel]:
    where = f"dial tcp {target.host}:{target.port}"
    try:
        knock = min(_KNOCK_TIMEOUT, target.timeout)
        connection = socket.create_connection((target.host, target.port), knock)
    except TimeoutError as error:
        raise _NoAnswer(f"{where}: i/o timeout", 0) from error
    except OSError as error:
        code = error.errno or 0
        reason = os.strerror(code).lower() if code > 0 else str(error)
        pause = KNOCK_EVERY if code == errno.ECONNREFUSED else 2 * KNOCK_EVERY
        raise _NoAnswer(f"{where}: connect: {reason}", pause) from error
    transport = Transport(connection)
    try:
        _handshake(transport, target)
        return transport, _first_session(transport, target)
    except BaseException:
        transport.close()
        raise


def _handshake(transport: Transport, target: Target) -> None:
    transport.banner_timeout = transport.auth_timeout = target.timeout
    pinned = _pinned(target.host_key)
    if pinned is not None and pinned[0] in transport.get_security_options().key_types:
        transport.get_security_options().key_types = (pinned[0],)
    try:
        transport.start_client(timeout=target.timeout)
        found = transport.get_remote_server_key()
        if pinned is not None and found.asbytes() != pinned[1]:
            raise _NoAnswer("ssh: handshake failed: ssh: host key mismatch", _RETRY_HANDSHAKE)
        if target.private_key:
            key = _private_key(target.private_key, target.private_key_password)
            transport.auth_publickey(target.user, key)
        else:
            transport.auth_password(target.user, target.password or "")
    except AuthenticationException as error:
        text = f"ssh: handshake failed: ssh: unable to authenticate as {target.user}: {error}"
        raise _NoAnswer(text, _RETRY_HANDSHAKE) from error
    except (SSHException, OSError, EOFError) as error:
        reason = str(error) or "the connection was closed"
        if "no acceptable host key" in reason:
            reason = "ssh: host key mismatch"
        raise _NoAnswer(f"ssh: handshake failed: {reason}", _RETRY_HANDSHAKE) from error
    transport.set_keepalive(_KEEPALIVE)


def _first_session(transport: Transport, target: Target) -> Channel:
    """An sshd that is stopped or restarted while it boots lets in, and then gives none."""
    try:
        return transport.open_session(timeout=target.timeout)
    except (SSHException, OSError, EOFError) as error:
        reason = str(error) or "the connection was closed"
        raise _NoAnswer(f"ssh: no session was opened: {reason}", _RETRY_HANDSHAKE) from error


def _pinned(host_key: str) -> tuple[str, bytes] | None:
    """Kind and bytes of the key in a `.pub` line."""
    if not host_key:
        return None
    try:
        kind, encoded = host_key.split()[:2]
        return kind, base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise Failure(
            "the connection's hostKey is not a public key: expected «TYPE BASE64»"
        ) from error


def _private_key(text: str, password: str | None) -> PKey:
    for kind in (Ed25519Key, ECDSAKey, RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), password)
        except (SSHException, ValueError):
            continue
    raise Failure("the connection's privateKey is not a readable ed25519, ECDSA or RSA key")
