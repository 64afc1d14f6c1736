"""What makes a guest or a container what it is, field by field, in words where they differ.

A field that nobody mentions here counts: where it differs, its name is the reason, and what it
belongs to is recreated. Only what is listed as irrelevant is passed over.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any

from isolab.plan.model import Container, Guest, Plan, PublishedPort

Words = Callable[[Any, Any], str]

CONTAINER_IRRELEVANT: Mapping[str, str] = {
    "name": "what is compared has one name",
    "service": "part of the name",
    "replica": "part of the name",
    "guest": "told as a move",
    "slice": "follows from the pids limit",
    "depends_on": "orders the start",
    "restarts_with": "tells when it is recreated, not what it is",
    "ends": "orders the start",
    "asked": "orders the start",
}
CONTAINER_IN_PARTS = ("limits", "files", "networks", "environment", "ports", "hosts", "copies")
"""Fields that are told in parts, or with what they mean."""
GUEST_IRRELEVANT: Mapping[str, str] = {
    "name": "what is compared has one name",
    "group": "part of the name",
    "domain": "follows from the stack and the name",
    "mac": "follows from the stack and the name",
    "address": "follows from the subnet and the name; told where it changes alone",
    "further_addresses": "follow from the containers that are found there",
    "networks": "told by the containers on them",
    "volumes": "told by the containers that mount them",
    "containers": "told one by one",
    "privileged": "changes nothing of the guest: it lets its services say more",
}
IN_PLACE = frozenset({"memory", "restart", "contents", "pids", "cpu_shares", "cpuset"})
"""What a running container takes; everything else recreates it."""


class PlanFacts:
    """One of the two plans, with what its containers' fields refer to."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._internal = {
            (guest.name, n.name): n.internal for guest in plan.guests for n in guest.networks
        }
        self._subnets = {
            # One that isolab chose is told by the addresses in it.
            (guest.name, n.name): (n.subnet, n.gateway, n.ip_range) if n.gateway else None
            for guest in plan.guests
            for n in guest.networks
        }
        self._guests = {address: guest.name for address, guest in plan.at.items()}
        self._guests[plan.network.gateway] = "the host"

    def facts(self, container: Container) -> Mapping[str, Any]:
        """The container's, with addresses by their guests' names."""
        facts = {name: getattr(container, name) for name in _plain_fields()}
        facts["ports"] = tuple(replace(p, ip=self._place(p.ip)) for p in ports_of(container))
        facts["hosts"] = tuple((name, self._place(ip)) for name, ip in container.hosts)
        facts["networks"] = tuple(
            (a.network, a.aliases, self._internal.get((container.guest, a.network)))
            for a in container.networks
        )
        facts["subnets"] = {
            a.network: self._subnets.get((container.guest, a.network)) for a in container.networks
        }
        facts["addresses"] = {a.network: a.address for a in container.networks}
        facts["copies"] = {c.target: (c.source, c.read_only, c.digest) for c in container.copies}
        facts["memory"] = container.limits.memory
        facts["cpus"] = container.limits.cpus
        facts["pids"] = container.limits.pids
        facts["files"] = tuple((f.kind, f.name, f.path, f.target) for f in container.files)
        facts["contents"] = tuple((f.path, f.mode, f.owner, f.content) for f in container.files)
        facts["environment"] = dict(container.environment)
        return facts

    def networks(self, container: Container) -> tuple[object, ...]:
        """What the container's networks are, beside their names."""
        places = [(container.guest, attached.network) for attached in container.networks]
        return tuple((self._internal.get(place), self._subnets.get(place)) for place in places)

    def _place(self, address: str) -> str:
        return self._guests.get(address, address)


def ports_of(container: Container) -> tuple[PublishedPort, ...]:
    """As the container has them: who may call is the guests' packet filters' to know."""
    return tuple(replace(port, callers=None) for port in container.ports)


def copied(container: Container | None) -> Iterator[str]:
    """What of the host the container gets a copy of, in words."""
    for copy in container.copies if container else ():
        how_much = f", {-(-copy.size // 1024)} KiB" if copy.digest else ""
        yield f"gets a copy of {copy.source} at {copy.target}{how_much}"


def gained(before: Container | None, after: Container | None) -> Iterator[str]:
    """What of the host the container has now and had not, in words."""
    had = before.host_rights.values() if before else ()
    for words in after.host_rights.values() if after else ():
        if words not in had:
            yield f"gets {words}"


@cache
def _plain_fields() -> tuple[str, ...]:
    told = {*CONTAINER_IRRELEVANT, *CONTAINER_IN_PARTS}
    return tuple(f.name for f in fields(Container) if f.name not in told)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What differs between a container's facts, each with the words for it."""
    for what in sorted(before):
        old, new = before[what], after[what]
        if old == new:
            continue
        match what:
            case "digest":
                # Where one of them is not known, it is not known to have changed.
                if old and new and before["image"] == after["image"]:
                    yield what, f"image {after['image']} {_short(old)} -> {_short(new)}"
            case "build":
                # Once both are built, their digests tell, and where one is unknown it is no change.
                if old and new and not (before["digest"] and after["digest"]):
                    yield what, f"build {_short(old)} -> {_short(new)}"
            case "addresses":
                # On a network that comes or goes they are no change of their own.
                if any(old[network] != new[network] for network in old.keys() & new.keys()):
                    yield what, "addresses on its networks"
            case "subnets":
                for network in sorted(old.keys() & new.keys()):
                    if old[network] != new[network]:
                        yield f"subnet {network}", f"subnet of its network {network}"
            case "copies":
                yield from _copies(old, new)
            case "environment":
                yield from _variables(old, new)
            case "pids":
                # Between none and some the container changes its slice.
                yield what if old and new else "slice", f"pids {said(old)} -> {said(new)}"
            case _:
                yield what, _words(what, old, new)


def guest_differences(before: Guest, after: Guest) -> Iterator[tuple[str, str]]:
    """What differs of a guest itself."""
    for field in fields(Guest):
        what = field.name
        old, new = getattr(before, what), getattr(after, what)
        if what in GUEST_IRRELEVANT or old == new:
            continue
        if what in ("memory", "disk", "data"):
            yield what, f"{what} {size(old)} -> {size(new)}"
        elif what == "cloud_init":
            yield what, "cloud-init"
        elif _is_short(old) and _is_short(new):
            yield what, f"{what.replace('_', ' ')} {said(old)} -> {said(new)}"
        else:
            yield what, what.replace("_", " ")


def _words(what: str, old: Any, new: Any) -> str:
    match what:
        case "memory":
            return f"memory {size(old)} -> {size(new)}"
        case "ports":
            return f"ports {_ports(old)} -> {_ports(new)}"
        case "networks":
            return f"networks {_networks(old, new)}"
        case "mounts":
            return f"volumes {_mounts(old)} -> {_mounts(new)}"
        case "network_of":
            return f"network of {old or 'its own'} -> {new or 'its own'}"
        case "network_mode":
            return f"network mode {old or 'default'} -> {new or 'default'}"
        case "hosts":
            return _hosts(_by_name(old), _by_name(new))
        case "contents":
            return "files' contents"
        case "files":
            return "files"
        case _ if _is_short(old) and _is_short(new):
            return f"{what.replace('_', ' ')} {said(old)} -> {said(new)}"
        case _:
            return what.replace("_", " ")


def _is_short(value: object) -> bool:
    return value is None or (isinstance(value, str | int | float) and len(str(value)) < 32)


def _variables(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names alone: values may be secret."""
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            verb = "added" if name not in old else "removed" if name not in new else "changed"
            yield f"environment {name}", f"environment {name} {verb}"


def _copies(
    old: Mapping[str, tuple[str, bool, str]], new: Mapping[str, tuple[str, bool, str]]
) -> Iterator[tuple[str, str]]:
    """By their places in the container."""
    for target in sorted(old.keys() | new.keys()):
        before, after = old.get(target), new.get(target)
        if after is None:
            yield f"copy {target}", f"copy at {target} removed"
        elif before is None:
            yield f"copy {target}", f"copy of {after[0]} at {target} added"
        elif before[:2] != after[:2]:
            yield f"copy {target}", f"copy of {after[0]} at {target}, no longer of {before[0]}"
        # Where nobody looked at one of them, it is not known to have changed.
        elif before[2] and after[2] and before != after:
            yield f"copy {target}", f"copy of {after[0]} at {target} changed"


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def size(mebibytes: int | None) -> str:
    """A size in words."""
    return f"{mebibytes} MiB" if mebibytes else "none"


def said(value: object) -> str:
    """A value in words."""
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


def _mounts(mounts: Iterable[Any]) -> str:
    words = (f"{m.volume}:{m.target}" + (":ro" * m.read_only) for m in mounts)
    return ", ".join(words) or "none"


def _networks(old: tuple[Any, ...], new: tuple[Any, ...]) -> str:
    words = [
        ", ".join(f"{n}{' (internal)' * bool(closed)}" for n, _, closed in each) or "none"
        for each in (old, new)
    ]
    return " -> ".join(words) if words[0] != words[1] else f"{words[0]}: aliases"


def _by_name(hosts: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Names to their addresses, one or several."""
    found: dict[str, str] = {}
    for name, address in hosts:
        found[name] = f"{found[name]} and {address}" if name in found else address
    return found


def _hosts(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    changed = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    return "hosts " + ", ".join(
        f"{name} {old.get(name, 'none')} -> {new.get(name, 'none')}" for name in changed
    )
