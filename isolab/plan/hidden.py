"""Secrets in plans: what counts as one, and the fingerprint that stands in its place.

A fingerprint without a key could be tried against a list of words. Its key comes from the stack's
seed, so only who has that can try.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from isolab.plan.model import Container, File

PREFIX = "hidden:"
_OLD_PREFIX = "sha256:"
"""Before there was a key."""
_NAME = re.compile(
    r".*(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL).*"
    r"|(.*_)?(PASS|PWD|((API|ACCESS|PRIVATE|ENCRYPTION|SIGNING|MASTER|AUTH|APP|ACCOUNT)_?KEY))(_.*)?",
    re.IGNORECASE,
)
_NOT_THE_SECRET = re.compile(r"PWD|OLDPWD|.*_(FILE|PATH|DIR)", re.IGNORECASE)
"""The working directory; where a secret lies."""
_USER_IN_URL = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


def is_secret(name: str, value: str, container: Container) -> bool:
    """Whether a variable's value is one: by its name, as a password in a URL, or a secret's own."""
    if not value:
        return False
    if _NAME.fullmatch(name) and not _NOT_THE_SECRET.fullmatch(name):
        return True
    contents = {file.content for file in container.files if file.kind == "secret" and file.content}
    return bool(_USER_IN_URL.search(value)) or any(content in value for content in contents)


def fingerprint(key: str, place: str, content: str) -> str:
    """What tells that a secret became another, to who has the key; nothing without a key."""
    if not key:
        return PREFIX
    digest = hmac.new(key.encode(), f"{place}\0{content}".encode(), sha256).hexdigest()
    return f"{PREFIX}{digest[:32]}"


def comparable(container: Container, other: Container, key: str) -> Container:
    """A container with its secrets in the form that another one, of an exported plan, has.

    A secret of which nobody can tell whether it is the same is not known to have changed.
    """
    files = {file.path: file for file in other.files}
    values = dict(other.environment)
    return replace(
        container,
        files=tuple(_file(file, files, key) for file in container.files),
        environment=tuple(
            (name, _like(name, value, values.get(name, ""), key))
            for name, value in container.environment
        ),
    )


def _file(file: File, others: Mapping[str, File], key: str) -> File:
    other = others.get(file.path)
    if file.kind == "config" or file.content is None or other is None or other.content is None:
        return file
    if other.content.startswith(_OLD_PREFIX) and not file.content.startswith(_OLD_PREFIX):
        digest = sha256(f"{file.path}\0{file.content}".encode()).hexdigest()
        return replace(file, content=f"{_OLD_PREFIX}{digest[:16]}")
    return replace(file, content=_like(file.path, file.content, other.content, key))


def _like(place: str, content: str, told: str, key: str) -> str:
    if content.startswith(PREFIX) or not told.startswith(PREFIX):
        return content
    return fingerprint(key, place, content) if key and told != PREFIX else told
