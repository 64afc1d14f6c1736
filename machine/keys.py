"""The stack's ssh key and its guests' pinned host keys, as the files that ssh wants."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from isolab.plan import secrets
from isolab.plan.model import Plan
from machine import paths, private_files


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFiles:
    """Where the files lie."""

    identity: Path
    """The private key that opens every guest of the stack."""
    known_hosts: Path
    """The host keys that the guests were given; no other is accepted."""
    seeds: Path
    """The folder of their cloud-init seeds, which hold those keys' private halves."""

    @property
    def ssh_options(self) -> tuple[str, ...]:
        """How ssh uses these files and nothing of the user's own."""
        return (
            # Neither the user's ~/.ssh/config nor the machine's: no proxy, no shared connection.
            "-F",
            "none",
            "-i",
            str(self.identity),
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=yes",
            "-o",
            f"UserKnownHostsFile={self.known_hosts}",
            "-o",
            "GlobalKnownHostsFile=/dev/null",
            "-o",
            "ConnectTimeout=10",
            "-o",
            "LogLevel=ERROR",
        )

    def ssh_command(self, address: str) -> str:
        """What opens a shell on the guest with this address, to be typed."""
        return shlex.join(["ssh", *self.ssh_options, f"root@{address}"])


def folder(stack: str) -> Path:
    """What is stored for one stack."""
    return paths.home() / "stacks" / stack


def files(stack: str) -> KeyFiles:
    """Where a stack's files lie, or would."""
    return KeyFiles(
        identity=folder(stack) / "id_ed25519",
        known_hosts=folder(stack) / "known_hosts",
        seeds=folder(stack) / "seeds",
    )


def materialise(plan: Plan, seed: str) -> KeyFiles:
    """Write the files, where they are not there yet or are others."""
    found = files(plan.stack)
    hosts = [
        f"{guest.address} {secrets.ssh_key(seed, secrets.host_key(guest.name)).public}\n"
        for guest in plan.guests
    ]
    contents = {
        found.identity: secrets.ssh_key(seed, secrets.CLIENT_KEY).private_openssh,
        found.known_hosts: "".join(hosts),
        _fingerprint_key(plan.stack): secrets.fingerprint_key(seed),
    }
    for file, content in contents.items():
        private_files.write(file, content.encode())
    return found


def fingerprint_key(stack: str) -> str:
    """What the fingerprints of secrets in the stack's plan are made with; empty where not known."""
    file = _fingerprint_key(stack)
    return file.read_text() if file.exists() else ""


def _fingerprint_key(stack: str) -> Path:
    return folder(stack) / "fingerprints"
