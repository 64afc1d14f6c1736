"""Changes of the services, each with all its replicas."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from isolab.architecture import blast
from isolab.architecture.change import Change, Effect, Kind
from isolab.plan.model import Container, Plan

IN_PLACE = frozenset({"memory", "restart", "contents", "pids"})
"""What a running container takes; everything else makes it anew."""
_SAID_OTHERWISE = frozenset(
    {"name", "service", "replica", "guest", "slice", "depends_on", "limits", "files", "networks"}
)
"""Fields that follow from others, that only order the start, or that are told in parts."""


def service_changes(old: Plan | None, new: Plan | None) -> Iterator[Change]:
    """Each service that comes, goes, or is not what it was."""
    before, after = _by_service(old), _by_service(new)
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield Change(
                layer="service",
                name=name,
                change="delete",
                reasons=(),
                effects=tuple(map(blast.gone, before[name].values())),
            )
        elif name not in before:
            yield Change(layer="service", name=name, change="create", reasons=())
        elif old and new:
            yield from _changed(name, _Side(old, before[name]), _Side(new, after[name]))


class _Side:
    """A service in one of the two plans."""

    def __init__(self, plan: Plan, containers: Mapping[int, Container]) -> None:
        self.containers = containers
        self.internal = {n.name: n.internal for guest in plan.guests for n in guest.networks}
        self._guests = {guest.address: guest.name for guest in plan.guests}

    def facts(self, container: Container) -> Mapping[str, Any]:
        """What makes the container what it is; addresses by their guests' names."""
        known = {f.name: getattr(container, f.name) for f in fields(container)}
        facts = {name: value for name, value in known.items() if name not in _SAID_OTHERWISE}
        facts["ports"] = tuple(replace(p, ip=self._place(p.ip)) for p in container.ports)
        facts["hosts"] = tuple((name, self._place(ip)) for name, ip in container.hosts)
        facts["networks"] = tuple(
            (a.network, a.aliases, self.internal.get(a.network)) for a in container.networks
        )
        facts["memory"] = container.limits.memory
        facts["cpus"] = container.limits.cpus
        facts["pids"] = container.limits.pids
        facts["files"] = tuple((f.kind, f.name, f.path, f.target) for f in container.files)
        facts["contents"] = tuple((f.path, f.mode, f.content) for f in container.files)
        facts["environment"] = dict(container.environment)
        return facts

    def _place(self, address: str) -> str:
        return self._guests.get(address, address)


def _by_service(plan: Plan | None) -> dict[str, dict[int, Container]]:
    services: dict[str, dict[int, Container]] = {}
    for container in plan.containers if plan else ():
        services.setdefault(container.service, {})[container.replica] = container
    return services


def _changed(name: str, old: _Side, new: _Side) -> Iterator[Change]:
    reasons: dict[str, None] = {}
    effects: list[Effect] = []
    kind: Kind = "update"
    if len(old.containers) != len(new.containers):
        reasons[f"replicas {len(old.containers)} -> {len(new.containers)}"] = None
    for replica in sorted(old.containers.keys() & new.containers.keys()):
        before, after = old.containers[replica], new.containers[replica]
        parts = dict(_differences(old.facts(before), new.facts(after)))
        if before.guest != after.guest:
            parts.pop("environment ISOLAB_GUEST", None)
            parts = {"guest": f"{before.name} on {before.guest} -> {after.guest}"} | parts
        reasons |= dict.fromkeys(parts.values())
        if parts.keys() - IN_PLACE:
            kind = "replace"
            moves = before.guest != after.guest
            effects.append(blast.moved(before) if moves else blast.recreated(before))
    effects += [blast.gone(c) for n, c in old.containers.items() if n not in new.containers]
    if reasons:
        yield Change(
            layer="service",
            name=name,
            change=kind,
            reasons=tuple(reasons),
            effects=tuple(effects),
        )


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What differs, each with the words for it."""
    for what in sorted(before):
        old, new = before[what], after[what]
        if old == new:
            continue
        match what:
            case "digest":
                # Where one of them is not known, it is not known to have changed.
                if old and new and before["image"] == after["image"]:
                    yield what, f"image {after['image']} {_short(old)} -> {_short(new)}"
            case "environment":
                yield from _variables(old, new)
            case "memory":
                yield what, f"memory {_size(old)} -> {_size(new)}"
            case "pids":
                # Between none and some the container changes its slice.
                yield what if old and new else "slice", f"pids {_said(old)} -> {_said(new)}"
            case "image" | "restart" | "user" | "hostname" | "working_dir" | "cpus" | "read_only":
                yield what, f"{what} {_said(old)} -> {_said(new)}"
            case "ports":
                yield what, f"ports {_ports(old)} -> {_ports(new)}"
            case "networks":
                yield what, f"networks {_networks(old)} -> {_networks(new)}"
            case "contents":
                yield what, "files' contents"
            case _:
                yield what, what.replace("_", " ")


def _variables(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names alone: values may be secret."""
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            verb = "added" if name not in old else "removed" if name not in new else "changed"
            yield f"environment {name}", f"environment {name} {verb}"


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def _size(mebibytes: int | None) -> str:
    return f"{mebibytes} MiB" if mebibytes else "none"


def _said(value: object) -> str:
    match value:
        case None | "":
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _ports(ports: tuple[Any, ...]) -> str:
    words = (f"{p.external}:{p.internal}" + ("/udp" * (p.protocol == "udp")) for p in ports)
    return ", ".join(words) or "none"


def _networks(networks: tuple[tuple[str, tuple[str, ...], bool | None], ...]) -> str:
    return ", ".join(f"{n}{' (internal)' * bool(closed)}" for n, _, closed in networks) or "none"
