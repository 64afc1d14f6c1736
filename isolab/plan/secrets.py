"""Keys and passwords, derived from the stack's seed: the same seed always gives the same ones."""

import struct
from base64 import b64encode
from dataclasses import dataclass, field
from textwrap import wrap

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CLIENT_KEY = "ssh/client"
"""The label of the key that opens the stack's guests."""

_ED25519 = b"ssh-ed25519"
_PASSWORD_LENGTH = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class SshKey:
    """An ed25519 key pair in OpenSSH's formats."""

    private_openssh: str = field(repr=False)
    public: str
    """As in authorized_keys: type and key, no comment."""

    @property
    def private(self) -> str:
        """The private key's file."""
        return self.private_openssh


def host_key(guest: str) -> str:
    """The label of a guest's ssh host key."""
    return f"ssh/host/{guest}"


def derive(seed: str, label: str, length: int) -> bytes:
    """Bytes that only the seed's owner can know; another label gives unrelated ones."""
    key = HKDF(algorithm=SHA256(), length=length, salt=b"isolab", info=label.encode())
    return key.derive(bytes.fromhex(seed))


def password(seed: str, name: str) -> str:
    """The password for a secret of the lab, in letters and digits that need no quoting."""
    return derive(seed, f"secret/{name}", _PASSWORD_LENGTH // 2).hex()


def ssh_key(seed: str, label: str) -> SshKey:
    """The ed25519 key pair of a label."""
    secret = derive(seed, label, 32)
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    blob = _text(_ED25519) + _text(public)
    return SshKey(
        private_openssh=_private_file(secret, public, blob),
        public=f"{_ED25519.decode()} {b64encode(blob).decode()}",
    )


def _private_file(secret: bytes, public: bytes, blob: bytes) -> str:
    """OpenSSH's private key format, unencrypted.

    Libraries put random check bytes into it, so that the same key gives another file each time,
    and each preview a change. Here they come from the key.
    """
    check = public[:4]
    body = check + check + blob + _text(secret + public) + _text(b"")
    body += bytes(range(1, 1 + -len(body) % 8))
    file = (
        b"openssh-key-v1\0"
        + _text(b"none")
        + _text(b"none")
        + _text(b"")
        + struct.pack(">I", 1)
        + _text(blob)
        + _text(body)
    )
    lines = "\n".join(wrap(b64encode(file).decode(), 70))
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{lines}\n-----END OPENSSH PRIVATE KEY-----\n"


def _text(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value
