"""Readers of a service's parts that Compose writes in a short and a long form."""

import re
from typing import Literal

from isolab.labfile import scalars
from isolab.labfile.node import Fields, Gathering, Node, Reader, many
from isolab.model import Condition, FileMount, Healthcheck, Limits, Port, Ulimit, VolumeMount
from isolab.units import Seconds

_PORT = re.compile(
    r"(?:(?:(?P<ip>\d+\.\d+\.\d+\.\d+):)?(?P<published>\d*):)?(?P<target>\d+)(?:/(?P<protocol>\w+))?"
)
Protocol = Literal["tcp", "udp"]
_CONDITION: Reader[Condition] = scalars.choice(
    "service_started", "service_healthy", "service_completed_successfully"
)
_PROTOCOL: Reader[Protocol] = scalars.choice("tcp", "udp")


def port(node: Node) -> Port:
    """A published port: "8080:8000", 8000, or its long form."""
    if not isinstance(node.value, str | int | float):
        return _long_port(node)
    word = scalars.text(node)
    match = _PORT.fullmatch(word)
    if match is None:
        hint = "ranges are not supported: one line a port" if "-" in word else ""
        node.refuse(f"{word!r} given, expected a port such as 8080:8000", hint)

    def number(digits: str) -> int:
        return scalars.port(Node(path=node.path, position=node.position, value=int(digits)))

    return Port(
        target=number(match["target"]),
        published=number(match["published"]) if match["published"] else None,
        protocol=_PROTOCOL(
            Node(path=node.path, position=node.position, value=match["protocol"] or "tcp")
        ),
        host_ip=match["ip"] or "",
    )


def _long_port(node: Node) -> Port:
    known = ("target", "published", "protocol", "host_ip", "mode", "name", "app_protocol")
    with Fields(node, known, "a port") as fields:
        fields.get("mode", scalars.choice("host", "ingress"), "ingress")
        target = fields.need("target", scalars.port, "8000")
        published = fields.get("published", scalars.port, None)
        protocol: Protocol = fields.get("protocol", _PROTOCOL, "tcp")
        host_ip = fields.get("host_ip", scalars.text, "")
    return Port(target=target, published=published, protocol=protocol, host_ip=host_ip)


def exposed(node: Node) -> int:
    """A port that other services may call."""
    if isinstance(node.value, str):
        node = Node(path=node.path, position=node.position, value=node.value.removesuffix("/tcp"))
    return scalars.port(node)


def networks(node: Node) -> dict[str, tuple[str, ...]]:
    """Networks to the aliases on them: a list, or a mapping."""
    if isinstance(node.value, tuple):
        return dict.fromkeys(many(scalars.filled)(node), ())
    attached: dict[str, tuple[str, ...]] = {}
    with Gathering() as gathering:
        for name, options in node.mapping().items():
            attached[name] = gathering.read(options, _aliases)
    return attached


def _aliases(node: Node) -> tuple[str, ...]:
    with Fields(node, ("aliases",), "a network of a service") as fields:
        aliases = fields.get("aliases", many(scalars.filled), ())
    return aliases


def volume(node: Node) -> VolumeMount | str:
    """A named volume's mount, or a tmpfs in Compose's form."""
    if isinstance(node.value, str):
        return _short_volume(node)
    known = ("type", "source", "target", "read_only", "tmpfs")
    with Fields(node, known, "a volume") as fields:
        kind = fields.need("type", scalars.choice("volume", "tmpfs", "bind"), "volume")
        source = fields.get("source", scalars.text, "")
        target = fields.need("target", _absolute, "/var/lib/data")
        read_only = fields.get("read_only", scalars.flag, False)
        options = fields.get("tmpfs", _tmpfs_options, "")
    if kind == "bind":
        node.refuse("a bind mount is not supported", _NO_BIND)
    if kind == "tmpfs":
        return f"{target}:{options}" if options else target
    if not source:
        node.refuse("source is missing", "anonymous volumes are not supported: give it a name")
    return VolumeMount(volume=source, target=target, read_only=read_only)


_NO_BIND = "a guest does not see the host's files: use a named volume, or configs: for a file"


def _short_volume(node: Node) -> VolumeMount:
    source, separator, rest = scalars.text(node).partition(":")
    target, _, mode = rest.partition(":")
    if not separator:
        node.refuse(
            f"{node.shown} given, expected NAME:/path",
            "anonymous volumes are not supported: give it a name",
        )
    if source.startswith(("/", ".", "~")):
        node.refuse(f"{source} is a bind mount, which is not supported", _NO_BIND)
    if not target.startswith("/"):
        node.refuse(f"{target!r} given, expected an absolute path in the container")
    if mode not in ("", "ro", "rw"):
        node.refuse(f"the mode {mode!r} is not supported, expected ro or rw")
    return VolumeMount(volume=source, target=target.rstrip("/") or "/", read_only=mode == "ro")


def _tmpfs_options(node: Node) -> str:
    with Fields(node, ("size", "mode"), "a tmpfs") as fields:
        size = fields.get("size", scalars.compose_size, None)
        mode = fields.get("mode", scalars.integer(0, 0o7777), None)
    parts = [f"size={size}m" if size else "", f"mode={mode:o}" if mode is not None else ""]
    return ",".join(part for part in parts if part)


def _absolute(node: Node) -> str:
    path = scalars.text(node)
    if not path.startswith("/"):
        node.refuse(f"{path!r} given, expected an absolute path in the container")
    return path.rstrip("/") or "/"


def tmpfs(node: Node) -> str:
    """A path in memory: /tmp or /tmp:size=16m."""
    word = scalars.text(node)
    if not word.startswith("/"):
        node.refuse(f"{word!r} given, expected an absolute path in the container")
    return word


def secret(node: Node) -> FileMount:
    """A secret in a container, at /run/secrets/NAME unless it says where."""
    return _file(node, "/run/secrets/", FileMount(kind="secret", source="", target=""))


def config(node: Node) -> FileMount:
    """A config in a container, at /NAME unless it says where."""
    return _file(node, "/", FileMount(kind="config", source="", target=""))


def _file(node: Node, folder: str, default: FileMount) -> FileMount:
    if isinstance(node.value, str):
        source, target, mode = scalars.filled(node), "", default.mode
    else:
        with Fields(node, ("source", "target", "mode"), f"a {default.kind}") as fields:
            source = fields.need("source", scalars.filled, "password")
            target = fields.get("target", scalars.text, "")
            mode = fields.get("mode", _mode, default.mode)
    target = target or source
    return FileMount(
        kind=default.kind,
        source=source,
        target=target if target.startswith("/") else folder + target,
        mode=mode,
    )


def _mode(node: Node) -> int:
    """A file mode: 0440 and "0440" are octal, as in Compose; a bare number is taken as it is."""
    if isinstance(node.value, str) and re.fullmatch(r"0?[0-7]{3}", node.value):
        return int(node.value, 8)
    if isinstance(node.value, int) and 0 <= node.value <= 0o777:
        return node.value
    node.refuse(f"{node.shown} given, expected a file mode such as 0440")


def depends_on(node: Node) -> dict[str, Condition]:
    """Services that must be there first, and in which condition."""
    if isinstance(node.value, tuple):
        return dict.fromkeys(many(scalars.filled)(node), "service_started")
    conditions: dict[str, Condition] = {}
    with Gathering() as gathering:
        for name, options in node.mapping().items():
            conditions[name] = gathering.read(options, _condition)
    return conditions


def _condition(node: Node) -> Condition:
    with Fields(node, ("condition",), "a dependency") as fields:
        condition: Condition = fields.get("condition", _CONDITION, "service_started")
    if condition == "service_completed_successfully":
        node.refuse(
            "service_completed_successfully is not supported yet",
            "expected service_started or service_healthy",
        )
    return condition


def healthcheck(node: Node) -> Healthcheck | None:
    """How Docker finds out whether a container is well."""
    known = ("test", "interval", "timeout", "retries", "start_period", "disable")
    with Fields(node, known, "a healthcheck") as fields:
        if fields.get("disable", scalars.flag, False):
            return Healthcheck(test=("NONE",))
        test = fields.need("test", _test, '["CMD", "/usr/local/bin/healthcheck"]')
        interval = fields.get("interval", scalars.duration, Seconds(30.0))
        timeout = fields.get("timeout", scalars.duration, Seconds(30.0))
        retries = fields.get("retries", scalars.integer(1, 1000), 3)
        start_period = fields.get("start_period", scalars.duration, Seconds(0.0))
    return Healthcheck(
        test=test, interval=interval, timeout=timeout, retries=retries, start_period=start_period
    )


def _test(node: Node) -> tuple[str, ...]:
    if not isinstance(node.value, tuple):
        return ("CMD-SHELL", scalars.filled(node))
    words = many(scalars.text)(node)
    kind = words[0] if words else ""
    if kind not in ("CMD", "CMD-SHELL", "NONE"):
        node.refuse("a test starts with CMD, CMD-SHELL or NONE", 'for example ["CMD", "true"]')
    if kind != "NONE" and len(words) < 2:
        node.refuse(f"{kind} names no command")
    return words


def ulimits(node: Node) -> tuple[Ulimit, ...]:
    """Limits of the container's processes: one number, or soft and hard."""
    limits: list[Ulimit] = []
    with Gathering() as gathering:
        for name, value in node.mapping().items():
            soft, hard = gathering.read(value, _soft_and_hard) or (0, 0)
            limits.append(Ulimit(name=name, soft=soft, hard=hard))
    return tuple(limits)


def _soft_and_hard(node: Node) -> tuple[int, int]:
    number = scalars.integer(-1, 2**40)
    if not isinstance(node.value, dict):
        both = number(node)
        return both, both
    with Fields(node, ("soft", "hard"), "a ulimit") as fields:
        soft = fields.need("soft", number, "1024")
        hard = fields.need("hard", number, "1024")
    return soft, hard


def deploy(node: Node) -> tuple[int | None, Limits]:
    """Replicas, and what each of them may use."""
    with Fields(node, ("replicas", "resources"), "deploy") as fields:
        replicas = fields.get("replicas", scalars.integer(1, 100), None)
        limits = fields.get("resources", _resources, Limits())
    return replicas, limits


def _resources(node: Node) -> Limits:
    with Fields(node, ("limits",), "resources") as fields:
        limits = fields.get("limits", _limits, Limits())
    return limits


def _limits(node: Node) -> Limits:
    with Fields(node, ("memory", "cpus", "pids"), "limits") as fields:
        memory = fields.get("memory", scalars.compose_size, None)
        cpus = fields.get("cpus", scalars.cpus, None)
        pids = fields.get("pids", pids_limit, None)
    return Limits(memory=memory, cpus=cpus, pids=pids)


pids_limit = scalars.integer(1, 4_194_304)


def logging(node: Node) -> tuple[str, dict[str, str]]:
    """The log driver and its options."""
    with Fields(node, ("driver", "options"), "logging") as fields:
        driver = fields.get("driver", scalars.text, "")
        options = fields.get("options", scalars.table(), {})
    return driver, dict(options)
