"""Plans to JSON and back, without the secrets' contents."""

from dataclasses import replace
from hashlib import sha256

import msgspec

from isolab.plan.model import Container, File, Plan


def dumps(plan: Plan) -> str:
    """The plan as JSON; of a secret's content only a fingerprint, since plans lie in the open."""
    return msgspec.json.encode(without_secrets(plan), order="deterministic").decode()


def loads(text: str) -> Plan:
    """The plan that dumps wrote; ValueError where it is none."""
    return msgspec.json.decode(text, type=Plan)


def without_secrets(plan: Plan) -> Plan:
    """The plan with the fingerprints of its secrets in their place."""
    return replace(
        plan,
        guests=tuple(
            replace(guest, containers=tuple(_without_secrets(c) for c in guest.containers))
            for guest in plan.guests
        ),
        host_containers=tuple(_without_secrets(c) for c in plan.host_containers),
    )


def _without_secrets(container: Container) -> Container:
    return replace(container, files=tuple(map(_fingerprint, container.files)))


def _fingerprint(file: File) -> File:
    if file.kind == "config" or file.content is None or file.content.startswith("sha256:"):
        return file
    digest = sha256(f"{file.path}\0{file.content}".encode()).hexdigest()
    return replace(file, content=f"sha256:{digest[:16]}")
