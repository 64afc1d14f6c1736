"""One service, as the Compose Specification writes it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from isolab.labfile import environment, extends, files, health, limits, mounts, ports, scalars
from isolab.labfile.build import build
from isolab.labfile.keys import (
    LOGGING,
    NETWORK,
    OUTSIDE,
    OUTSIDE_NETWORK,
    SERVICE,
)
from isolab.labfile.names import COMPOSE_NAME, check_compose_name
from isolab.labfile.node import Node, Reader, did_you_mean
from isolab.labfile.quantities import compose_size, cpus, duration
from isolab.labfile.reading import Fields, each, forms, many
from isolab.labfile.shape import Shaped, accepts, one_of, text_like
from isolab.labfile.tables import command, from_environment, nothing, table
from isolab.model import BindMount, Limits, Service, VolumeMount
from isolab.units import Seconds

T = TypeVar("T")
RESTART = ("no", "always", "on-failure", "unless-stopped")
_RESTART = r"no|always|unless-stopped|on-failure(?::[1-9]\d{0,3})?"
_DEFAULT = Service(name="", image="")
_TEXTS = many(scalars.filled)
_ENVIRONMENT = table(fallback=from_environment)
_LABELS = table(fallback=nothing)


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A service, and what only shows once all services of the lab are known."""

    service: Service
    needs: health.Needs
    profiles: tuple[str, ...]
    node: Node


def service(name: str, node: Node) -> Draft:
    """What the file says of one service; every key that isolab does not know is refused."""
    check_compose_name(node, name, "a service")
    with Fields(node, SERVICE, "a service", OUTSIDE) as fields:
        fields.get("extends", extends.extends, None)
        built = fields.get("build", build, None)
        image = fields.get("image", scalars.filled, None)
        example = f"image: isolab/{name}:1, or build: ."
        fields.some_of("image", "build", "extends", example=example)
        count, limited = _resources(fields)
        volumes = fields.get("volumes", many(mounts.mount), ()) or ()
        logging = fields.get("logging", _logging, ("", {})) or ("", {})
        variables = fields.get("env_file", environment.env_file, {}) or {}
        labels = fields.get("label_file", environment.env_file, {}) or {}
        needs = fields.get("depends_on", health.depends_on, {}) or {}
        profiles = fields.get("profiles", many(_profile), ())
        made = Service(
            name=name,
            image=image or "",
            build=built,
            replicas=count,
            command=fields.get("command", command, None),
            entrypoint=fields.get("entrypoint", command, None),
            environment={**variables, **(fields.get("environment", _ENVIRONMENT, {}) or {})},
            ports=_flat(fields.get("ports", many(ports.published), ())),
            expose=_flat(fields.get("expose", many(ports.exposed), ())),
            networks=fields.get("networks", _NETWORKS, {}),
            network_mode=fields.get("network_mode", _network_mode, ""),
            volumes=tuple(v for v in volumes if isinstance(v, VolumeMount)),
            binds=tuple(v for v in volumes if isinstance(v, BindMount)),
            files=(
                *(fields.get("secrets", many(files.mounted("secret")), ()) or ()),
                *(fields.get("configs", many(files.mounted("config")), ()) or ()),
            ),
            tmpfs=(
                *(fields.get("tmpfs", scalars.one_or_many(mounts.tmpfs), ()) or ()),
                *(v for v in volumes if isinstance(v, str)),
            ),
            depends_on={other: condition for other, (condition, _) in needs.items()},
            healthcheck=fields.get("healthcheck", health.healthcheck, None),
            restart=fields.get("restart", _restart, _DEFAULT.restart),
            user=fields.get("user", scalars.text, ""),
            working_dir=fields.get("working_dir", scalars.text, ""),
            hostname=fields.get("hostname", scalars.text, ""),
            container_name=fields.get("container_name", _container_name, ""),
            platform=fields.get("platform", _platform, ""),
            read_only=fields.get("read_only", scalars.flag, False),
            init=fields.get("init", scalars.flag, False),
            tty=fields.get("tty", scalars.flag, False),
            stdin_open=fields.get("stdin_open", scalars.flag, False),
            cap_add=fields.get("cap_add", _TEXTS, ()),
            cap_drop=fields.get("cap_drop", _TEXTS, _DEFAULT.cap_drop),
            security_opt=fields.get("security_opt", _TEXTS, _DEFAULT.security_opt),
            ulimits=fields.get("ulimits", limits.ulimits, ()),
            sysctls=fields.get("sysctls", table(), {}),
            labels={**labels, **(fields.get("labels", _LABELS, {}) or {})},
            extra_hosts=fields.get("extra_hosts", table("=:"), {}),
            stop_grace_period=fields.get("stop_grace_period", duration, Seconds(10.0)),
            stop_signal=fields.get("stop_signal", scalars.text, ""),
            logging_driver=logging[0],
            logging_options=logging[1],
            limits=limited,
        )
    return Draft(service=made, needs=needs, profiles=profiles, node=node)


def _resources(fields: Fields) -> tuple[int, Limits]:
    """Replicas and limits, which Compose lets one say in two places, if both say the same."""
    count, deployed = fields.get("deploy", limits.deploy, (None, Limits())) or (None, Limits())
    made = Limits(
        memory=_agreed(fields, "mem_limit", compose_size, deployed.memory),
        cpus=_agreed(fields, "cpus", cpus, deployed.cpus),
        pids=_agreed(fields, "pids_limit", limits.pids, deployed.pids),
    )
    return _agreed(fields, "scale", limits.replicas, count) or 1, made


def _agreed(fields: Fields, key: str, reader: Reader[T], deployed: T | None) -> T | None:
    value = fields.get(key, reader, None)
    if value is not None and deployed is not None and value != deployed:
        hint = "leave one of them out"
        fields.add(fields.where(key).problem(f"{key} says something else than deploy does", hint))
    return deployed if value is None else value


def _flat(groups: Iterable[Iterable[T]] | None) -> tuple[T, ...]:
    return tuple(dict.fromkeys(thing for group in groups or () for thing in group or ()))


@accepts(text_like(" or ".join(RESTART), rf"{_RESTART}|false"))
def _restart(node: Node) -> str:
    word = "no" if node.value is False else scalars.text(node)
    if not re.fullmatch(_RESTART, word, re.ASCII):
        hint = did_you_mean(word, RESTART)
        node.refuse(f"{node.shown} given, expected {' or '.join(RESTART)}", hint)
    return word


def _aliases(name: str, node: Node) -> tuple[str, ...]:
    with Fields(node, NETWORK, "a network of a service", OUTSIDE_NETWORK) as fields:
        aliases = fields.get("aliases", many(scalars.filled), ())
    return aliases


def _names(node: Node) -> Mapping[str, tuple[str, ...]]:
    return dict.fromkeys(many(scalars.filled)(node), ())


_NETWORKS = forms(items=Shaped(_names, _TEXTS.shape), mapping=each(_aliases))


@accepts(one_of("none"))
def _network_mode(node: Node) -> Literal["", "none"]:
    if scalars.text(node) != "none":
        node.refuse(
            f"{node.shown} given, expected none",
            "which services reach each other is said with networks:",
        )
    return "none"


@accepts(text_like("a platform: linux/amd64", r"linux/(?:amd64|x86_64)(?:/v\d)?|linux"))
def _platform(node: Node) -> str:
    word = scalars.text(node)
    if not re.fullmatch(r"linux(/(amd64|x86_64)(/v\d)?)?", word, re.ASCII):
        node.refuse(f"{word!r} given, but guests are linux/amd64", "leave it out")
    return word


@accepts(text_like("a container's name", r"[a-zA-Z0-9][a-zA-Z0-9_.-]+"))
def _container_name(node: Node) -> str:
    word = scalars.text(node)
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,62}", word):
        node.refuse(
            f"{word!r} is no name for a container",
            "letters, digits, hyphens, underscores and dots, 2 to 63, a letter or digit first",
        )
    return word


@accepts(text_like("a profile's name", COMPOSE_NAME))
def _profile(node: Node) -> str:
    return check_compose_name(node, scalars.text(node), "a profile")


def _logging(node: Node) -> tuple[str, Mapping[str, str]]:
    """The log driver and its options."""
    with Fields(node, LOGGING, "logging") as fields:
        driver = fields.get("driver", scalars.text, "")
        options = fields.get("options", table(), {})
    return driver, options
