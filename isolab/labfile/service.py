"""One service, as the Compose Specification writes it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from isolab.labfile import (
    environment,
    files,
    guest_access,
    health,
    limits,
    mounts,
    ports,
    security,
    settings,
)
from isolab.labfile.build import build
from isolab.labfile.compose import extends
from isolab.labfile.keys import OUTSIDE, SERVICE
from isolab.labfile.names import check_compose_name
from isolab.labfile.syntax.node import Node, Reader
from isolab.labfile.values import scalars
from isolab.labfile.values.quantities import compose_size, cpus, duration
from isolab.labfile.values.reading import Fields, many
from isolab.labfile.values.tables import command, cut, from_environment, nothing, repeated, table
from isolab.model import BindMount, GuestMount, Limits, Problem, Service, VolumeMount
from isolab.units import MiB, Seconds

T = TypeVar("T")
_TEXTS = many(scalars.filled)
_ONE_OR_MANY = scalars.one_or_many(scalars.filled)
_ENVIRONMENT = table(fallback=from_environment)
_LABELS = table(fallback=nothing)
NOTES = {"environment": repeated, "labels": repeated, "command": cut, "entrypoint": cut}
"""What tells of a key that something in it does not count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A service, and what only shows once all services of the lab are known."""

    service: Service
    needs: health.Needs
    profiles: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    """Services, each with the further name that it has for this one, or none."""
    notes: tuple[Problem, ...]
    """What means something else than its writer may think."""
    node: Node


def service(name: str, node: Node) -> Draft:
    """What the file says of one service; every key that isolab does not know is refused."""
    check_compose_name(node, name, "a service")
    with Fields(node, SERVICE, "a service", OUTSIDE) as fields:
        _check_source(fields, name, node)
        _check_without_effect(fields)
        links = fields.get("links", many(settings.link), ()) or ()
        mode = fields.get("network_mode", settings.network_mode, "") or ""
        needs = _needs(fields, links, mode)
        notes = tuple(_notes(fields))
        profiles = fields.get("profiles", many(settings.profile), ())
        made = _service(fields, name, needs, mode)
    return Draft(service=made, needs=needs, profiles=profiles, links=links, notes=notes, node=node)


def _check_source(fields: Fields, name: str, node: Node) -> None:
    """Something says what image it runs."""
    fields.get("extends", extends.extends, None)
    if not any(key in fields for key in ("image", "build", "extends")):
        # No matter of shape: the service may be laid over an included one.
        example = f"for example image: isolab/{name}:1, or build: ."
        fields.add(node.problem("image is missing", example))


def _check_without_effect(fields: Fields) -> None:
    """What Compose knows and a lab has no use for; a value that Compose would refuse is refused."""
    fields.get("pull_policy", scalars.text, "")
    fields.get("attach", scalars.flag, True)
    fields.get("develop", scalars.passed_over, None)
    for key in ("mem_reservation", "memswap_limit"):
        fields.get(key, scalars.text, "")
    fields.get("mem_swappiness", scalars.integer(0, 100), 0)
    fields.get("userns_mode", scalars.choice("host"), "host")


def _notes(fields: Fields) -> Iterator[Problem]:
    """What means something else than it seems to."""
    if "healthcheck" in fields:
        yield from health.notes(fields.where("healthcheck"))
    if "deploy" in fields:
        yield from limits.notes(fields.where("deploy"))
    for key, told in NOTES.items():
        if key in fields:
            yield from told(fields.where(key))


def _needs(fields: Fields, links: Iterable[tuple[str, str]], mode: str) -> health.Needs:
    """The services that it starts behind: as in Compose, also those that it links to.

    And the one whose network it has.
    """
    waits = fields.get("depends_on", health.depends_on, {}) or {}
    linked: health.Needs = {name: health.Need() for name, _ in links}
    kind, _, name = mode.partition(":")
    if kind != "service":
        return {**linked, **waits}
    if "links" in fields:
        message = f"links given, but network_mode is service:{name}"
        hint = f"leave it out: it finds others by the names that {name} finds them by"
        fields.add(fields.where("links").problem(message, hint))
    return {**linked, name: health.Need(), **waits}


def _service(fields: Fields, name: str, needs: health.Needs, mode: str) -> Service:
    """Key by key; nothing here decides anything but what a key given in two forms means."""
    count, limited, policy = _deployed(fields)
    volumes = fields.get("volumes", many(mounts.mount), ()) or ()
    logging = fields.get("logging", settings.logging, ("", {})) or ("", {})
    variables = fields.get("env_file", environment.env_file, {}) or {}
    labels = fields.get("label_file", environment.env_file, {}) or {}
    restart = fields.get("restart", settings.restart, "no")
    networks = fields.get("networks", settings.networks, {}) or {}
    return Service(
        name=name,
        image=fields.get("image", scalars.filled, None) or "",
        build=fields.get("build", build, None),
        replicas=count,
        command=fields.get("command", command, None),
        entrypoint=fields.get("entrypoint", command, None),
        environment={**variables, **(fields.get("environment", _ENVIRONMENT, {}) or {})},
        ports=_flat(fields.get("ports", many(ports.published), ())),
        expose=_flat(fields.get("expose", many(ports.exposed), ())),
        networks={network: aliases for network, (aliases, _) in networks.items()},
        addresses={network: address for network, (_, address) in networks.items() if address},
        network_mode=mode,
        volumes=tuple(v for v in volumes if isinstance(v, VolumeMount)),
        binds=tuple(v for v in volumes if isinstance(v, BindMount)),
        guest_mounts=tuple(v for v in volumes if isinstance(v, GuestMount)),
        files=(
            *(fields.get("secrets", many(files.mounted("secret")), ()) or ()),
            *(fields.get("configs", many(files.mounted("config")), ()) or ()),
        ),
        tmpfs=(
            *(fields.get("tmpfs", scalars.one_or_many(mounts.tmpfs), ()) or ()),
            *(v for v in volumes if isinstance(v, str)),
        ),
        shm_size=fields.get("shm_size", compose_size, MiB(0)),
        depends_on={other: need.condition for other, need in needs.items()},
        restarts_with=tuple(other for other, need in needs.items() if need.restart),
        healthcheck=fields.get("healthcheck", health.healthcheck, None),
        restart=policy or restart,
        user=fields.get("user", scalars.literal, ""),
        working_dir=fields.get("working_dir", scalars.text, ""),
        hostname=fields.get("hostname", scalars.text, ""),
        container_name=fields.get("container_name", settings.container_name, ""),
        platform=fields.get("platform", settings.platform, ""),
        read_only=fields.get("read_only", scalars.flag, False),
        init=fields.get("init", scalars.flag, False),
        tty=fields.get("tty", scalars.flag, False),
        stdin_open=fields.get("stdin_open", scalars.flag, False),
        cap_add=fields.get("cap_add", _TEXTS, ()),
        cap_drop=fields.get("cap_drop", _TEXTS, ()),
        security_opt=fields.get("security_opt", _TEXTS, ()),
        security=fields.get("x-isolab", security.own, None),
        ulimits=fields.get("ulimits", limits.ulimits, ()),
        sysctls=fields.get("sysctls", table(), {}),
        labels={**labels, **(fields.get("labels", _LABELS, {}) or {})},
        extra_hosts=fields.get("extra_hosts", settings.extra_hosts, ()),
        stop_grace_period=fields.get("stop_grace_period", duration, Seconds(10.0)),
        stop_signal=fields.get("stop_signal", scalars.text, ""),
        logging_driver=logging[0],
        logging_options=logging[1],
        limits=limited,
        cpu_shares=fields.get("cpu_shares", scalars.integer(0, 2**18), 0),
        cpuset=fields.get("cpuset", guest_access.cpuset, ""),
        domainname=fields.get("domainname", scalars.text, ""),
        group_add=fields.get("group_add", many(scalars.literal), ()),
        dns=fields.get("dns", _ONE_OR_MANY, ()),
        dns_search=fields.get("dns_search", _ONE_OR_MANY, ()),
        dns_opt=fields.get("dns_opt", _TEXTS, ()),
        privileged=fields.get("privileged", scalars.flag, False),
        pid=fields.get("pid", guest_access.pid, None) or "",
        ipc=fields.get("ipc", guest_access.ipc, None) or "",
        cgroup=fields.get("cgroup", guest_access.cgroup, None) or "",
        devices=fields.get("devices", guest_access.devices, ()),
    )


def _deployed(fields: Fields) -> tuple[int, Limits, str]:
    """Replicas and limits, which Compose lets one say in two places, if both say the same.

    And the restart policy, of which that of deploy wins; empty is none there.
    """
    nothing_said = (None, Limits(), "")
    count, deployed, policy = fields.get("deploy", limits.deploy, nothing_said) or nothing_said
    made = Limits(
        memory=_agreed(fields, "mem_limit", compose_size, deployed.memory),
        cpus=_agreed(fields, "cpus", cpus, deployed.cpus),
        pids=_agreed(fields, "pids_limit", limits.pids, deployed.pids),
    )
    return _agreed(fields, "scale", limits.replicas, count) or 1, made, policy


def _agreed(fields: Fields, key: str, reader: Reader[T], deployed: T | None) -> T | None:
    value = fields.get(key, reader, None)
    if value is not None and deployed is not None and value != deployed:
        hint = "leave one of them out"
        fields.add(fields.where(key).problem(f"{key} and deploy contradict each other", hint))
    return deployed if value is None else value


def _flat(groups: Iterable[Iterable[T]] | None) -> tuple[T, ...]:
    return tuple(dict.fromkeys(thing for group in groups or () for thing in group or ()))
