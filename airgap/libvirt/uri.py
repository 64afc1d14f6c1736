"""A provider's URI in the words of libvirt's own ssh transport."""

import shlex
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_OF_THE_OFFICIAL_PLUGIN = ("knownhosts", "known_hosts_verify", "sshauth")
"""It dials by itself; libvirt starts ssh, which has other names for these."""


def for_libvirt(uri: str) -> str:
    """The same URI, with what the official plugin takes for ssh put as libvirt takes it."""
    parts = urlsplit(uri)
    if not parts.scheme.endswith("+ssh"):
        return uri
    given = dict(parse_qsl(parts.query))
    passed = {name: text for name, text in given.items() if name not in _OF_THE_OFFICIAL_PLUGIN}
    passed.setdefault("no_tty", "1")
    if given.get("known_hosts_verify") == "ignore":
        passed["no_verify"] = "1"
    elif "knownhosts" in given and "command" not in passed:
        passed["command"] = str(_pinned_ssh(given["knownhosts"]))
    return urlunsplit(parts._replace(query=urlencode(passed, safe="/")))


def is_remote(uri: str) -> bool:
    """Whether a network lies between, which may fall silent."""
    return bool(urlsplit(uri).hostname)


def _pinned_ssh(known_hosts: str) -> Path:
    """An ssh that knows the hosts of one file alone; libvirt has no word for that."""
    file = Path(tempfile.mkdtemp(prefix="isolab-libvirt-")) / "ssh"
    options = ["-o", f"UserKnownHostsFile={known_hosts}", "-o", "StrictHostKeyChecking=yes"]
    file.write_text(f'#!/bin/sh\nexec ssh {shlex.join(options)} "$@"\n')
    file.chmod(0o700)
    return file
