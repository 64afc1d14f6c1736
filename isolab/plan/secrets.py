"""Keys and passwords, derived from the stack's seed: the same seed, the same secrets."""

from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT_KEY = "ssh/client"
"""Label of the key that opens every guest of the stack."""
_SALT = b"isolab"
_TYPE = b"ssh-ed25519"


@dataclass(frozen=True, kw_only=True, slots=True)
class SshKey:
    """An ed25519 key, as OpenSSH writes it."""

    private_openssh: str = field(repr=False)
    public: str
    """One line, without comment: ssh-ed25519 AAAA…"""


def host_key(guest: str) -> str:
    """Label of the key by which a guest is recognised."""
    return f"ssh/host/{guest}"


def derive(seed: str, label: str, length: int) -> bytes:
    """Bytes that only the seed's owner can know; each label gives others (HKDF-SHA256)."""
    hkdf = HKDF(algorithm=SHA256(), length=length, salt=_SALT, info=label.encode())
    return hkdf.derive(seed.encode())


def password(seed: str, name: str) -> str:
    """A password of 144 bits, in letters, digits, - and _."""
    return urlsafe_b64encode(derive(seed, f"secret/{name}", 18)).decode()


def fingerprint_key(seed: str) -> str:
    """What makes the fingerprints of secrets in exported plans."""
    return derive(seed, "fingerprints", 32).hex()


def ssh_key(seed: str, label: str) -> SshKey:
    """An ssh key pair."""
    private = derive(seed, label, 32)
    key = Ed25519PrivateKey.from_private_bytes(private)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    blob = _string(_TYPE) + _string(public)
    return SshKey(
        private_openssh=_private_file(private, public, blob),
        public=f"{_TYPE.decode()} {b64encode(blob).decode()}",
    )


def _private_file(private: bytes, public: bytes, blob: bytes) -> str:
    """The key in OpenSSH's own format (PROTOCOL.key).

    Written here because libraries put random check bytes in it: with those, the same key would
    read as a changed one at every run.
    """
    check = sha256(private).digest()[:4]
    secret = check + check + blob + _string(private + public) + _string(b"")
    secret += bytes(range(1, 1 + -len(secret) % 8))
    content = (
        b"openssh-key-v1\0"
        + _string(b"none")
        + _string(b"none")
        + _string(b"")
        + (1).to_bytes(4)
        + _string(blob)
        + _string(secret)
    )
    text = b64encode(content).decode()
    lines = [text[start : start + 70] for start in range(0, len(text), 70)]
    begin, end = (f"-----{word} OPENSSH PRIVATE KEY-----" for word in ("BEGIN", "END"))
    return "\n".join([begin, *lines, end, ""])


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(4) + value
