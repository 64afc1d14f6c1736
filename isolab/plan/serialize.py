"""Plans to JSON and back, without the secrets' contents."""

from dataclasses import replace

import msgspec

from isolab.plan import hidden
from isolab.plan.model import Container, File, Plan


def dumps(plan: Plan, key: str = "") -> str:
    """The plan as JSON; of secrets only fingerprints, since plans lie in the open.

    Args:
        plan: What to write.
        key: Makes the fingerprints; without one they tell nothing at all.
    """
    return msgspec.json.encode(without_secrets(plan, key), order="deterministic").decode()


def loads(text: str) -> Plan:
    """The plan that dumps wrote; ValueError where it is none."""
    return msgspec.json.decode(text, type=Plan)


def without_secrets(plan: Plan, key: str = "") -> Plan:
    """The plan with the fingerprints of its secrets in their place."""
    return plan.with_containers(lambda container: _hidden(container, key))


def _hidden(container: Container, key: str) -> Container:
    return replace(
        container,
        files=tuple(_hidden_file(file, key) for file in container.files),
        environment=tuple(
            (name, hidden.fingerprint(key, name, value))
            if hidden.is_secret(name, value, container)
            else (name, value)
            for name, value in container.environment
        ),
    )


def _hidden_file(file: File, key: str) -> File:
    if file.kind == "config" or file.content is None:
        return file
    return replace(file, content=hidden.fingerprint(key, file.path, file.content))
