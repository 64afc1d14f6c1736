"""Secrets come from the seed alone, and differ by their labels."""

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
)

from isolab.plan import secrets

SEED = "5e" * 32


def test_the_same_seed_gives_the_same_secrets() -> None:
    assert secrets.password(SEED, "db") == secrets.password(SEED, "db")
    assert secrets.ssh_key(SEED, "ssh/client") == secrets.ssh_key(SEED, "ssh/client")


def test_other_seeds_and_labels_give_others() -> None:
    known = {secrets.derive(s, label, 16) for s in (SEED, "5f" * 32) for label in ("a", "b")}
    assert len(known) == 4


def test_a_password_needs_no_quoting() -> None:
    password = secrets.password(SEED, "db")
    assert len(password) == 24
    assert password.replace("-", "").replace("_", "").isalnum()


def test_an_ssh_key_is_one_that_others_read() -> None:
    key = secrets.ssh_key(SEED, "ssh/client")
    read = load_ssh_private_key(key.private_openssh.encode(), None)
    public = read.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert public.decode() == key.public
    assert "PRIVATE" not in repr(key)
