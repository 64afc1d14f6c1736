"""A stack's state, as far as isolab reads it: what the engine made and what it began to make."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from isolab.plan.readback import Ports
from machine import paths
from machine.steps import Unable

PROJECT = "isolab"
STACK_TYPE = "pulumi:pulumi:Stack"
VERSION = 4
"""The newest form of states that there is."""
LAB_NETWORK = "libvirt:index/network:Network"


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One resource of the state."""

    urn: str
    type: str
    """As in libvirt:index/domain:Domain."""
    id: str
    parent: str
    """The URN of the component that it belongs to."""
    provider: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def ports(self) -> Ports:
        """A container's published ports, in the order in which Docker told them last."""
        told = self.outputs.get("ports")
        return tuple(
            (port["internal"], port.get("external", 0), port["protocol"], port["ip"])
            for port in (cast(list[dict[str, Any]], told) if isinstance(told, list) else ())
        )

    @property
    def name(self) -> str:
        """Its name in libvirt or Docker."""
        return str(self.inputs.get("name", ""))

    @property
    def is_component(self) -> bool:
        """Whether it only groups others."""
        return self.type.startswith("isolab:") or self.type == STACK_TYPE

    @property
    def is_provider(self) -> bool:
        """Whether it is a connection to where others live."""
        return self.type.startswith("pulumi:providers:")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """An operation that was begun, and of which nobody knows whether it was done."""

    operation: str
    """creating, updating, deleting, reading or importing."""
    resource: Resource


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """All that the engine knows of a stack."""

    resources: tuple[Resource, ...]
    """In the order in which they were made."""
    pending: tuple[Pending, ...]
    plan: str
    """The plan that was deployed last, as JSON; the lab may be down since."""

    def of_type(self, *names: str) -> tuple[Resource, ...]:
        """The resources with one of these types."""
        return tuple(resource for resource in self.resources if resource.type in names)

    @property
    def deployed(self) -> str:
        """The plan of the lab that stands, as JSON; empty where none does."""
        return self.plan if self.of_type(LAB_NETWORK) else ""

    def within(self, component: str) -> frozenset[str]:
        """The URNs of all resources below a component, given by the end of its URN."""
        found: set[str] = set()
        for resource in self.resources:  # parents come before their children
            if resource.parent in found or resource.parent.endswith(component):
                found.add(resource.urn)
        return frozenset(found)

    def guest_of(self, resource: Resource) -> str:
        """The guest that a resource belongs to; empty for the host's."""
        parents = {known.urn: known.parent for known in self.resources}
        urn = resource.parent
        while urn:
            if urn_type(urn) == "isolab:index:Guest":
                return urn_name(urn)
            urn = parents.get(urn, "")
        return ""


def urn_type(urn: str) -> str:
    """The resource's own type, without its parents'."""
    return urn.split("::")[2].rsplit("$")[-1]


def urn_name(urn: str) -> str:
    """The resource's name in the program."""
    return urn.split("::", 3)[3]


class Unreadable(Unable):
    """A stack's state is there and cannot be read: cut off, or of a newer version."""


def read(file: Path, stack: str) -> State | None:
    """The state in a file of the file backend; None where there is none.

    Raises:
        Unreadable: Its text says which copy can be taken instead.
    """
    if not file.exists():
        return None
    try:
        return parse(file.read_text())
    except OSError as error:
        raise Unreadable(f"the state of stack {stack} cannot be read: {error}") from error
    except Newer as newer:
        raise Unreadable(
            f"the state of stack {stack} has version {newer}, "
            f"but this isolab reads only up to {VERSION}",
            f"use the version of isolab that wrote {file}",
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        copy = _newest_whole_copy(file, stack)
        hint = (
            f"cp {copy} {file} restores the newest copy"
            if copy
            else "there is no copy beside it; restore the file from a backup"
        )
        raise Unreadable(
            f"the state of stack {stack} is cut off, or is not a Pulumi state: {file}", hint
        ) from None


def _newest_whole_copy(file: Path, stack: str) -> Path | None:
    """The newest backup that can be read: the one beside the state, or one from the engine's."""
    backups = file.parents[2] / "backups" / PROJECT / stack
    copies = [file.with_name(f"{file.name}.bak"), *backups.glob("*.json")]
    there = [copy for copy in copies if copy.is_file() and copy != file]
    for copy in sorted(there, key=lambda copy: copy.stat().st_mtime, reverse=True):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            parse(copy.read_text())
            return copy
    return None


def file(backend: str, stack: str, project: str = PROJECT) -> Path | None:
    """The state's file in a file backend; None where the backend is another."""
    folder = folder_of(backend)
    return folder and folder / "stacks" / project / f"{stack}.json"


def folder_of(backend: str) -> Path | None:
    """The folder of a file backend; None where the backend is another."""
    parts = urlsplit(resolved(backend))
    return Path(unquote(parts.path)) / ".pulumi" if parts.scheme == "file" else None


def resolved(backend: str) -> str:
    """The backend with an absolute path, where it is a file backend.

    `pulumi login --local` calls it file://~; the engine reads a relative one from the checkout.
    """
    parts = urlsplit(backend)
    if parts.scheme != "file":
        return backend
    place = Path(unquote(parts.netloc + parts.path)).expanduser()
    query = f"?{parts.query}" if parts.query else ""
    return f"{Path(os.path.normpath(paths.REPO / place)).as_uri()}{query}"


class Newer(Exception):
    """The state has a form that came later than this program; its text is the version."""


def parse(text: str) -> State:
    """The state, from a file of the file backend or from what `pulumi stack export` prints."""
    raw: dict[str, Any] = json.loads(text)
    version = raw.get("version") or 0
    if version > VERSION:
        raise Newer(version)
    deployment: dict[str, Any] = (
        raw.get("deployment") or raw.get("checkpoint", {}).get("latest") or {}
    )
    resources: list[dict[str, Any]] = deployment.get("resources") or []
    pending: list[dict[str, Any]] = deployment.get("pending_operations") or []
    return State(
        resources=tuple(_resource(r) for r in resources),
        pending=tuple(
            Pending(operation=p["type"], resource=_resource(p["resource"])) for p in pending
        ),
        plan=next(_plans(resources), ""),
    )


def without(exported: str, gone: Iterable[str]) -> str:
    """An exported state without some resources, for `pulumi stack import`."""
    raw: dict[str, Any] = json.loads(exported)
    urns = frozenset(gone)
    resources: list[dict[str, Any]] = raw["deployment"].get("resources") or []
    raw["deployment"]["resources"] = [r for r in resources if r["urn"] not in urns]
    return json.dumps(raw)


def standing_alone(exported: str, retained: Iterable[str]) -> str:
    """An exported state in which some resources need none but each other.

    They may have waited for others, as data disks do where guests change one by one, and a state
    that names what is gone is none that the engine takes.
    """
    raw: dict[str, Any] = json.loads(exported)
    urns = frozenset(retained)
    resources: list[dict[str, Any]] = raw["deployment"].get("resources") or []
    for resource in resources:
        if resource["urn"] in urns:
            _cut_off(resource, urns)
    return json.dumps(raw)


def _cut_off(resource: dict[str, Any], known: frozenset[str]) -> None:
    for key in ("dependencies", "replaceWith"):
        named: list[str] | None = resource.get(key)
        if named:
            resource[key] = [urn for urn in named if urn in known]
    by_input: dict[str, list[str] | None] = resource.get("propertyDependencies") or {}
    for name, urns in by_input.items():
        by_input[name] = [urn for urn in urns or [] if urn in known]
    if resource.get("deletedWith") not in known:
        resource.pop("deletedWith", None)


def _resource(raw: Mapping[str, Any]) -> Resource:
    return Resource(
        urn=raw["urn"],
        type=raw["type"],
        id=raw.get("id", ""),
        parent=raw.get("parent", ""),
        provider=raw.get("provider", ""),
        inputs=raw.get("inputs") or {},
        outputs=raw.get("outputs") or {},
    )


def _plans(resources: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for resource in resources:
        if resource["type"] == STACK_TYPE:
            outputs: Mapping[str, Any] = resource.get("outputs") or {}
            plan = outputs.get("plan")
            if isinstance(plan, str):
                yield plan
